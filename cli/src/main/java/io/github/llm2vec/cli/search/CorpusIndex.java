/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.lucene.IndexFields;
import io.github.llm2vec.lucene.IndexingOptions;
import io.github.llm2vec.lucene.IndexingProgress;
import io.github.llm2vec.lucene.Llm2VecCodec;
import io.github.llm2vec.lucene.Llm2VecIndexer;
import io.github.llm2vec.lucene.PassageSplitter;
import io.github.llm2vec.lucene.TextVectorField;
import io.github.llm2vec.lucene.VectorFormatOptions;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.LockObtainFailedException;

/**
 * A folder with a Lucene index of one collection, made with one model. Owns the folder's {@link
 * Directory}.
 */
public final class CorpusIndex implements Closeable {

  /** Name of the field that holds vectors. */
  public static final String VECTOR = "vector";

  private static final String PROMPT_KEY = "llm2vec.documentInstruction";

  /** How documents were cut; absent or "" if they were not. */
  private static final String PASSAGES_KEY = "llm2vec.passages";

  private static final long COMMIT_NANOS = Duration.ofSeconds(60).toNanos();

  private final Path folder;
  private final Directory directory;
  private final TextVectorField field;
  private final String instruction;
  private final Optional<PassageSplitter> splitter;
  private final Analyzer analyzer = new EnglishAnalyzer();

  /**
   * Opens a folder.
   *
   * @param folder made if it is not there
   * @param field the model and its prompts
   * @param instruction the instruction in the field's prompt for documents
   * @param splitter cuts new documents into passages, if it is there
   */
  public CorpusIndex(
      Path folder, TextVectorField field, String instruction, Optional<PassageSplitter> splitter)
      throws IOException {
    this.folder = folder;
    this.field = field;
    this.instruction = instruction;
    this.splitter = splitter;
    Files.createDirectories(folder);
    this.directory = FSDirectory.open(folder);
  }

  /** Whether the folder holds an index. */
  public boolean exists() throws IOException {
    return DirectoryReader.indexExists(directory);
  }

  /** Told how far indexing is. */
  @FunctionalInterface
  public interface Listener {

    /**
     * Called after every batch.
     *
     * @param written documents encoded and written in this run
     * @param skipped documents that were there already
     */
    void progressed(long written, long skipped);
  }

  /**
   * What a run did.
   *
   * @param written documents encoded and written
   * @param skipped documents that were there already
   * @param withoutVector written documents that have no vector, since they are blank
   */
  public record Result(long written, long skipped, long withoutVector) {}

  /**
   * Adds what is new in a collection. What is written is committed every minute and at the end,
   * also when the work is stopped or fails, so that the next run goes on from there.
   *
   * @param reader the collection
   * @param format how vectors are kept
   * @param batchTexts texts in one call of the encoder
   * @param listener told how far it is
   * @param stop asked between documents
   * @throws IllegalArgumentException if the index was made with another model or instruction, or
   *     its documents were cut in another way
   */
  public Result add(
      TextReader reader,
      VectorFormatOptions format,
      int batchTexts,
      Listener listener,
      BooleanSupplier stop)
      throws IOException {
    try (IndexWriter writer =
            new IndexWriter(directory, Llm2VecCodec.writerConfig(analyzer, format));
        DirectoryReader before = DirectoryReader.open(writer)) {
      check(before);
      checkPassages(before);
      writer.setLiveCommitData(
          Map.of(PROMPT_KEY, instruction, PASSAGES_KEY, passages()).entrySet());
      FreshDocuments documents =
          new FreshDocuments(reader, new IndexedTexts(before, IndexFields.DEFAULTS.id()), stop);
      Llm2VecIndexer indexer = indexer(writer, batchTexts);
      try {
        Commits commits = new Commits(writer, System::nanoTime);
        IndexingProgress done =
            indexer.index(
                documents,
                progress -> {
                  listener.progressed(progress.documents(), documents.skipped());
                  commits.now();
                });
        return new Result(done.documents(), documents.skipped(), done.withoutVector());
      } finally {
        writer.commit();
      }
    } catch (LockObtainFailedException e) {
      throw new IOException(
          "the index in " + folder + " is being written by another process; wait for it", e);
    }
  }

  private Llm2VecIndexer indexer(IndexWriter writer, int batchTexts) {
    IndexingOptions options = IndexingOptions.DEFAULTS.withBatchTexts(batchTexts);
    return splitter
        .map(passages -> Llm2VecIndexer.ofPassages(writer, field, options, passages))
        .orElseGet(() -> Llm2VecIndexer.ofDocuments(writer, field, options));
  }

  /**
   * Opens the index for searching, in passages if it has them.
   *
   * @throws IllegalArgumentException if it was made with another model or instruction, or holds no
   *     passages although a splitter was given
   */
  public CorpusSearcher searcher() throws IOException {
    if (!exists()) {
      throw new IOException("there is no index in " + folder + "; name a --corpus to index");
    }
    DirectoryReader reader = DirectoryReader.open(directory);
    try {
      check(reader);
      boolean cut = !passages(reader).isEmpty();
      if (splitter.isPresent() && !cut && reader.maxDoc() > 0) {
        checkPassages(reader);
      }
      return new CorpusSearcher(reader, field, analyzer, cut);
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  private void check(DirectoryReader reader) throws IOException {
    if (reader.maxDoc() == 0) {
      return;
    }
    field.checkAgainst(reader);
    Map<String, String> data = new HashMap<>(reader.getIndexCommit().getUserData());
    String written = data.getOrDefault(PROMPT_KEY, instruction);
    if (!written.equals(instruction)) {
      throw new IllegalArgumentException(
          ("the documents in %s were encoded with the instruction '%s', now it is '%s';"
                  + " repeat the one of then or index into another folder")
              .formatted(folder, written, instruction));
    }
  }

  private String passages() {
    return splitter
        .map(cut -> "passages of %s tokens, overlap %s".formatted(cut.tokens(), cut.overlap()))
        .orElse("");
  }

  private static String passages(DirectoryReader reader) throws IOException {
    return reader.getIndexCommit().getUserData().getOrDefault(PASSAGES_KEY, "");
  }

  private void checkPassages(DirectoryReader reader) throws IOException {
    String written = passages(reader);
    if (reader.maxDoc() > 0 && !written.equals(passages())) {
      throw new IllegalArgumentException(
          "the index in %s holds %s, not %s; repeat the options of then or index into another folder"
              .formatted(folder, described(written), described(passages())));
    }
  }

  private static String described(String passages) {
    return passages.isEmpty() ? "whole documents" : passages;
  }

  @Override
  public void close() throws IOException {
    directory.close();
  }

  /** Commits now and then. */
  private static final class Commits {

    private final IndexWriter writer;
    private final LongSupplier nanoClock;
    private long last;

    Commits(IndexWriter writer, LongSupplier nanoClock) {
      this.writer = writer;
      this.nanoClock = nanoClock;
      this.last = nanoClock.getAsLong();
    }

    void now() {
      if (nanoClock.getAsLong() - last < COMMIT_NANOS) {
        return;
      }
      try {
        writer.commit();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      last = nanoClock.getAsLong();
    }
  }
}
