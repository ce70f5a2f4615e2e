/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.FSDirectory;

/**
 * A Lucene index in a folder of its own whose documents are identified by numbers. It is written
 * once, by one thread and with merges that keep the order, so that the same input gives the same
 * rankings; a finished index is used again if it was written from the same input, which its key
 * tells.
 */
public final class NumberedIndex {

  private static final String NUMBER = "number";
  private static final String FINISHED = "finished.txt";

  private NumberedIndex() {}

  /** Adds the documents of an index to its writer. */
  @FunctionalInterface
  public interface Filler {
    /** Adds them all, in the order of their numbers. */
    void fill(IndexWriter writer) throws IOException;
  }

  /**
   * Opens a finished index with the given key, or writes it.
   *
   * @param folder of the index alone; an index with another key is deleted
   * @param key everything that the index depends on
   * @param config how to write
   * @param filler writes the documents, each made by {@link #document}
   * @return one segment; it and its directory are the caller's to close
   */
  public static DirectoryReader open(
      Path folder, String key, IndexWriterConfig config, Filler filler) throws IOException {
    Path finished = folder.resolve(FINISHED);
    boolean usable =
        Files.exists(finished) && Files.readString(finished, StandardCharsets.UTF_8).equals(key);
    if (!usable) {
      clear(folder);
      config.setMergeScheduler(new SerialMergeScheduler()).setMergePolicy(new LogDocMergePolicy());
      try (FSDirectory directory = FSDirectory.open(folder);
          IndexWriter writer = new IndexWriter(directory, config)) {
        filler.fill(writer);
        writer.forceMerge(1);
        writer.commit();
      }
      Files.writeString(finished, key, StandardCharsets.UTF_8);
    }
    return DirectoryReader.open(FSDirectory.open(folder));
  }

  private static void clear(Path folder) throws IOException {
    Files.createDirectories(folder);
    // The mark goes first: half an index must not look like a finished one.
    Files.deleteIfExists(folder.resolve(FINISHED));
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A document with its number, from 0. */
  public static Document document(int number) {
    Document document = new Document();
    document.add(new NumericDocValuesField(NUMBER, number));
    return document;
  }

  /** Turns Lucene's hits into a ranking of numbers. */
  static Ranking ranking(DirectoryReader reader, TopDocs hits) throws IOException {
    List<LeafReaderContext> leaves = reader.leaves();
    int[] documents = new int[hits.scoreDocs.length];
    float[] scores = new float[documents.length];
    for (int rank = 0; rank < documents.length; rank++) {
      ScoreDoc hit = hits.scoreDocs[rank];
      LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(hit.doc, leaves));
      // Doc values are read forwards only, and hits come in the order of their scores.
      NumericDocValues numbers = leaf.reader().getNumericDocValues(NUMBER);
      if (!numbers.advanceExact(hit.doc - leaf.docBase)) {
        throw new IllegalStateException("document " + hit.doc + " has no number; this is a bug");
      }
      documents[rank] = Math.toIntExact(numbers.longValue());
      scores[rank] = hit.score;
    }
    return new Ranking(documents, scores);
  }
}
