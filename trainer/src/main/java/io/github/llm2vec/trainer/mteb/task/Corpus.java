/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The documents of a test collection, streamed from disk and never held in memory. They are
 * numbered from 0 in the order of the files, without the records that cannot be used.
 *
 * @param files where they are
 * @param formats reads the files
 * @param leftOut places of the records that cannot be used
 * @param ids the ids by number
 * @param digest SHA-256 of all ids and texts in their order, in hexadecimal
 */
public record Corpus(
    List<Path> files, RecordFormats formats, Set<Long> leftOut, DocumentIds ids, String digest) {

  /**
   * Reads all documents once: numbers them, writes their ids into a folder and reports what is
   * wrong with them.
   *
   * @param files where they are
   * @param formats reads the files
   * @param judged ids that judgements speak of; one that does not come up is a finding
   * @param folder takes the ids
   * @param findings takes what is wrong
   * @throws DatasetException if there is no document at all
   */
  static Corpus scan(
      List<Path> files, RecordFormats formats, Set<String> judged, Path folder, Findings findings)
      throws IOException {
    CorpusScan scan = new CorpusScan(files, formats, new HashSet<>(judged), findings);
    try (DocumentIds.Writer writer = new DocumentIds.Writer(folder)) {
      scan.run(writer);
      return new Corpus(files, formats, scan.leftOut(), writer.finish(), scan.digest());
    }
  }

  /** Number of documents. */
  public int size() {
    return ids.size();
  }

  /** Reads the documents in the order of their numbers. */
  public RecordStream<Document> open() {
    return RecordFiles.open(files, formats)
        .mapPresent(
            located ->
                leftOut.contains(located.place())
                    ? Optional.empty()
                    : Optional.of(document(located)));
  }

  private static Document document(RecordFiles.Located located) throws DatasetException {
    return located
        .values()
        .flatMap(values -> CorpusScan.parse(values).document())
        .orElseThrow(
            () ->
                new DatasetException(
                    located.file() + " changed while it was read; start the evaluation again"));
  }

  /**
   * A document of a corpus.
   *
   * @param id what the judgements call it
   * @param title may be empty
   * @param text may be empty
   */
  public record Document(String id, String title, String text) {

    /** Rejects null. */
    public Document {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(title, "title");
      Objects.requireNonNull(text, "text");
    }

    /**
     * What is encoded and searched: title, a space and text, without white space at both ends. MTEB
     * strips with Python's {@code str.strip}, which unlike Java's takes no-break spaces too.
     */
    public String passage() {
      return PythonText.strip(title + " " + text);
    }
  }
}
