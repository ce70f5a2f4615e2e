/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.encode.AdaptiveWindow;
import io.github.llm2vec.cli.search.IndexingDisplay;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** Sends a file's documents to Solr in batches, leaving out those that are there already. */
final class DemoIndexing {

  private final SolrCollection collection;
  private final TextReader reader;
  private final IndexingDisplay display;
  private final AdaptiveWindow window = new AdaptiveWindow();
  private long written;
  private long skipped;

  DemoIndexing(SolrCollection collection, TextReader reader, IndexingDisplay display) {
    this.collection = collection;
    this.reader = reader;
    this.display = display;
  }

  /** Documents that were there already. */
  long skipped() {
    return skipped;
  }

  /** Indexes until the file ends or the work is to stop; what was sent is committed either way. */
  void run(InterruptHandler stop) throws IOException {
    try {
      while (!stop.requested()) {
        List<TextRecord> batch = window.next(reader);
        if (batch.isEmpty()) {
          return;
        }
        long started = System.nanoTime();
        send(batch);
        window.took(batch.size(), System.nanoTime() - started);
        display.progressed(written, skipped);
      }
    } finally {
      collection.commit();
    }
  }

  private void send(List<TextRecord> batch) throws IOException {
    Set<String> present = collection.present(batch.stream().map(TextRecord::id).toList());
    List<TextRecord> fresh = batch.stream().filter(text -> !present.contains(text.id())).toList();
    if (!fresh.isEmpty()) {
      collection.add(fresh);
    }
    written += fresh.size();
    skipped += batch.size() - fresh.size();
  }
}
