/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.lucene.SourceDocument;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.lucene.document.NumericDocValuesField;

/**
 * Iterator over the documents of a file that an index lacks or has with another text. Ends early
 * when it is told to stop, so that what was read until then is written in order.
 */
final class FreshDocuments implements Iterator<SourceDocument> {

  private final TextReader reader;
  private final IndexedTexts indexed;
  private final BooleanSupplier stop;
  private Optional<SourceDocument> next = Optional.empty();
  private long skipped;

  FreshDocuments(TextReader reader, IndexedTexts indexed, BooleanSupplier stop) {
    this.reader = reader;
    this.indexed = indexed;
    this.stop = stop;
  }

  /** Documents that the index has already. */
  long skipped() {
    return skipped;
  }

  @Override
  public boolean hasNext() {
    try {
      while (next.isEmpty() && !stop.getAsBoolean()) {
        Optional<TextRecord> text = reader.next();
        if (text.isEmpty()) {
          return false;
        }
        long hash = IndexedTexts.hash(text.get());
        if (indexed.contains(text.get().id(), hash)) {
          skipped++;
        } else {
          next = Optional.of(document(text.get(), hash));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return next.isPresent();
  }

  @Override
  public SourceDocument next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    SourceDocument document = next.orElseThrow();
    next = Optional.empty();
    return document;
  }

  private static SourceDocument document(TextRecord text, long hash) {
    return new SourceDocument(
        text.id(),
        text.title(),
        text.text(),
        List.of(new NumericDocValuesField(IndexedTexts.HASH_FIELD, hash)));
  }
}
