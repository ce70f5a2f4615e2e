/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.IndexWriter;

/**
 * Encodes documents in batches and writes them into an index. The documents come one by one from an
 * iterator and the memory it takes does not grow with their number: two batches of texts and
 * vectors, one that is encoded and one that is written.
 *
 * <p>A document's vector is that of its title, a space and its text. Cut into passages, every
 * passage has the vector of the title, a space and the passage, in a Lucene document of its own
 * that stands before the whole one, and {@link PassageSearcher} searches them. One index must be
 * written in one of the two ways only.
 *
 * <p>The index writer stays the caller's to commit and close; it needs the codec of {@link
 * Llm2VecCodec} for more than 1024 dimensions.
 */
public final class Llm2VecIndexer {

  private final IndexWriter writer;
  private final TextVectorField field;
  private final IndexingOptions options;
  private final DocumentShape shape;

  private Llm2VecIndexer(
      IndexWriter writer, TextVectorField field, IndexingOptions options, DocumentShape shape) {
    this.writer = Objects.requireNonNull(writer, "writer");
    this.field = Objects.requireNonNull(field, "field");
    this.options = options;
    this.shape = shape;
  }

  /** Writes one vector per document. */
  public static Llm2VecIndexer ofDocuments(
      IndexWriter writer, TextVectorField field, IndexingOptions options) {
    return new Llm2VecIndexer(writer, field, options, new DocumentShape.Whole(options.fields()));
  }

  /** Writes one vector per passage. */
  public static Llm2VecIndexer ofPassages(
      IndexWriter writer,
      TextVectorField field,
      IndexingOptions options,
      PassageSplitter splitter) {
    return new Llm2VecIndexer(
        writer, field, options, new DocumentShape.Block(options.fields(), splitter));
  }

  /** Indexes without a listener; see {@link #index(Iterator, IndexingListener)}. */
  public IndexingProgress index(Iterator<SourceDocument> documents) throws IOException {
    return index(documents, progress -> {});
  }

  /**
   * Encodes and writes all documents. If it fails, the batches before are in the writer, not yet
   * committed.
   *
   * @param documents read on the calling thread
   * @param listener told after every batch
   * @return what was written in all
   * @throws IOException if the index cannot be written
   */
  public IndexingProgress index(Iterator<SourceDocument> documents, IndexingListener listener)
      throws IOException {
    IndexingProgress total = IndexingProgress.NONE;
    try (BatchWriter batches = new BatchWriter()) {
      while (documents.hasNext()) {
        List<PendingDocument> batch = read(documents);
        List<Optional<KnnFloatVectorField>> vectors = encode(batch);
        IndexingProgress before = batches.submit(() -> write(batch, vectors));
        total = report(total, before, listener);
      }
      total = report(total, batches.await(), listener);
    }
    return total;
  }

  private static IndexingProgress report(
      IndexingProgress total, IndexingProgress more, IndexingListener listener) {
    if (more.documents() == 0) {
      return total;
    }
    IndexingProgress sum = total.plus(more);
    listener.written(sum);
    return sum;
  }

  /** Takes documents until their texts fill a batch. */
  private List<PendingDocument> read(Iterator<SourceDocument> documents) {
    List<PendingDocument> batch = new ArrayList<>();
    int texts = 0;
    while (documents.hasNext() && texts < options.batchTexts()) {
      PendingDocument document = shape.prepare(documents.next());
      batch.add(document);
      texts += document.texts().size();
    }
    return batch;
  }

  /** Encodes in the order of the texts; one long document may need several calls. */
  private List<Optional<KnnFloatVectorField>> encode(List<PendingDocument> batch) {
    List<String> texts = batch.stream().flatMap(document -> document.texts().stream()).toList();
    List<Optional<KnnFloatVectorField>> vectors = new ArrayList<>(texts.size());
    for (int from = 0; from < texts.size(); from += options.batchTexts()) {
      int to = Math.min(texts.size(), from + options.batchTexts());
      vectors.addAll(field.fields(texts.subList(from, to)));
    }
    return vectors;
  }

  private IndexingProgress write(
      List<PendingDocument> batch, List<Optional<KnnFloatVectorField>> vectors) throws IOException {
    int next = 0;
    for (PendingDocument document : batch) {
      int end = next + document.texts().size();
      List<Document> block = document.documents(vectors.subList(next, end));
      next = end;
      if (options.replace()) {
        writer.updateDocuments(shape.term(document.source().id()), block);
      } else {
        writer.addDocuments(block);
      }
    }
    long present = vectors.stream().filter(Optional::isPresent).count();
    return new IndexingProgress(batch.size(), present, vectors.size() - present);
  }

  /** Hears how far {@link Llm2VecIndexer} has come. */
  @FunctionalInterface
  public interface IndexingListener {

    /**
     * Called on the indexing thread after every batch.
     *
     * @param progress what the index writer has taken since indexing began
     */
    void written(IndexingProgress progress);
  }
}
