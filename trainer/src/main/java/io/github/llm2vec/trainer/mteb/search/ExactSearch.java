/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Exact (brute-force) nearest neighbour search by a blocked matrix product. The documents are
 * mapped block by block; on the heap are a group of queries, their best documents so far and one
 * block of scores. What that takes is bounded by {@code maxBytes} whatever the size of the corpus;
 * with more queries than fit, the documents are read again for the next group.
 */
public final class ExactSearch {

  /** Enough for 5,000 queries of 4,096 dimensions with 1,000 hits each. */
  public static final long DEFAULT_MAX_BYTES = 256L << 20;

  private static final int HIT_BYTES = Integer.BYTES + Float.BYTES;

  private final ScoreBlocks blocks;
  private final long maxBytes;

  /** Searches with about 256 MB of heap. */
  public ExactSearch(ScoreBlocks blocks) {
    this(blocks, DEFAULT_MAX_BYTES);
  }

  /**
   * Searches with a bound on the heap.
   *
   * @param blocks does the multiplication; not closed by this
   * @param maxBytes about how much heap to use for queries, scores and hits; at least one query is
   *     searched at a time
   */
  public ExactSearch(ScoreBlocks blocks, long maxBytes) {
    this.blocks = Objects.requireNonNull(blocks, "blocks");
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1, got " + maxBytes);
    }
    this.maxBytes = maxBytes;
  }

  /**
   * Finds the documents with the largest dot products, which are cosines in a store.
   *
   * @param queries of the same dimensions as the documents
   * @param documents all of them are compared
   * @param k most documents per query
   * @param listener told how many comparisons of the whole are done, in percent
   * @return one ranking per query, in their order. Of documents with the same score those with the
   *     smaller number come first
   * @throws IOException if the vectors cannot be read
   */
  public List<Ranking> search(
      VectorStore queries, VectorStore documents, int k, IntConsumer listener) throws IOException {
    if (queries.dimensions() != documents.dimensions()) {
      throw new IllegalArgumentException(
          "queries of %s dimensions cannot be compared with documents of %s; they come from"
                  .formatted(queries.dimensions(), documents.dimensions())
              + " different encoders");
    }
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, got " + k);
    }
    int most = Math.min(k, documents.size());
    int group = groupSize(queries, most);
    List<Ranking> rankings = new ArrayList<>(queries.size());
    for (int from = 0; from < queries.size(); from += group) {
      int to = Math.min(queries.size(), from + group);
      Progress progress = new Progress(from, to - from, queries.size(), listener);
      rankings.addAll(searchGroup(queries.copy(from, to), documents, most, progress));
    }
    return rankings;
  }

  /**
   * Finds the documents with the largest dot products for some queries.
   *
   * @param queries {@code (count, dimensions)}, row-major
   * @param documents all of them are compared
   * @param k most documents per query
   * @return one ranking per query, as {@link #search(VectorStore, VectorStore, int, IntConsumer)}
   */
  public List<Ranking> search(float[] queries, VectorStore documents, int k) throws IOException {
    int count = queries.length / documents.dimensions();
    int most = Math.min(k, documents.size());
    return searchGroup(queries, documents, most, new Progress(0, count, count, percent -> {}));
  }

  private int groupSize(VectorStore queries, int k) {
    long perQuery =
        2L * Float.BYTES * queries.dimensions()
            + (long) HIT_BYTES * k
            + (long) Float.BYTES * blocks.preferredDocuments();
    // An array of scores has fewer than 2^31 entries.
    long most = Math.min(maxBytes / perQuery, Integer.MAX_VALUE / blocks.preferredDocuments() / 2);
    return (int) Math.max(1, Math.min(queries.size(), most));
  }

  /** How much of all comparisons a group has done. */
  private record Progress(int before, int queries, int all, IntConsumer listener) {
    void report(int documents, int allDocuments) {
      double done = before + (double) queries * documents / allDocuments;
      listener.accept((int) (100 * done / all));
    }
  }

  private List<Ranking> searchGroup(
      float[] queries, VectorStore documents, int k, Progress progress) throws IOException {
    int count = progress.queries();
    int block = Math.min(blocks.preferredDocuments(), documents.size());
    List<TopHits> best = IntStream.range(0, count).mapToObj(query -> new TopHits(k)).toList();
    float[] scores = new float[Math.multiplyExact(count, block)];
    int rowBytes = documents.dimensions() * Float.BYTES;
    try (ScoreBlocks.Queries prepared = blocks.prepare(queries, documents.dimensions())) {
      for (int shard = 0; shard < documents.shards(); shard++) {
        ByteBuffer vectors = documents.shard(shard);
        for (int from = 0; from < documents.shardSize(shard); from += block) {
          int length = Math.min(block, documents.shardSize(shard) - from);
          ByteBuffer rows =
              vectors.slice(from * rowBytes, length * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
          prepared.score(rows, length, scores);
          int first = documents.firstOf(shard) + from;
          for (int q = 0; q < count; q++) {
            best.get(q).offer(first, scores, q * length, length);
          }
        }
        progress.report(documents.firstOf(shard) + documents.shardSize(shard), documents.size());
      }
    }
    return best.stream().map(TopHits::drain).toList();
  }
}
