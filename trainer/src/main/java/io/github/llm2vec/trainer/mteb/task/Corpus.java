/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.tokenizer.PythonText;
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
 */
public final class Corpus {

  private final List<Path> files;
  private final RecordFormats formats;
  private final Set<Long> leftOut;
  private final DocumentIds ids;
  private final String digest;

  private Corpus(CorpusScan scan, DocumentIds ids) {
    this.files = scan.files();
    this.formats = scan.formats();
    this.leftOut = scan.leftOut();
    this.ids = ids;
    this.digest = scan.digest();
  }

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
      return new Corpus(scan, writer.finish());
    }
  }

  /** Number of documents. */
  public int size() {
    return ids.size();
  }

  /** The ids by number. */
  public DocumentIds ids() {
    return ids;
  }

  /** SHA-256 of all ids and texts in their order, in hexadecimal. */
  public String digest() {
    return digest;
  }

  /** Reads the documents in the order of their numbers. */
  public Reader open() {
    return new Reader();
  }

  /** See {@link Corpus#open}. */
  public final class Reader implements AutoCloseable {

    private final RecordFiles records = new RecordFiles(files, formats);

    private Reader() {}

    /** The next document, or empty after the last. */
    public Optional<Document> next() throws IOException {
      while (true) {
        Optional<RecordFiles.Located> located = records.next();
        if (located.isEmpty()) {
          return Optional.empty();
        }
        if (!leftOut.contains(located.get().place())) {
          return Optional.of(document(located.get()));
        }
      }
    }

    private Document document(RecordFiles.Located located) throws DatasetException {
      if (located.values().isPresent()) {
        CorpusScan.Parsed parsed = CorpusScan.parse(located.values().get());
        if (parsed.document().isPresent()) {
          return parsed.document().get();
        }
      }
      throw new DatasetException(
          located.file() + " changed while it was read; start the evaluation again");
    }

    @Override
    public void close() throws IOException {
      records.close();
    }
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
