/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import org.apache.lucene.search.similarities.BM25Similarity;

/**
 * How words are searched.
 *
 * @param k1 BM25's weight of repeated words
 * @param b BM25's weight of a document's length
 * @param titleApart whether title and text are fields of their own whose scores are added, which
 *     Anserini calls multifield; false makes them one field, which it calls flat
 */
public record Bm25Options(float k1, float b, boolean titleApart) {

  /** Anserini's for BEIR: {@code k1=0.9}, {@code b=0.4}, title and text as one field. */
  public static final Bm25Options FLAT = new Bm25Options(0.9f, 0.4f, false);

  /** As {@link #FLAT}, with title and text as two fields. */
  public static final Bm25Options MULTIFIELD = new Bm25Options(0.9f, 0.4f, true);

  /** BM25 with these constants, to index and to search with. */
  public BM25Similarity similarity() {
    return new BM25Similarity(k1, b);
  }
}
