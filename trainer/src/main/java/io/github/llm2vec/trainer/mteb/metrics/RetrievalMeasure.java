/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A retrieval measure with its cutoff, such as nDCG@10.
 *
 * @param kind what is measured
 * @param cutoff ranks that count, at least 1; {@link #WHOLE} for the whole ranking
 */
public record RetrievalMeasure(Kind kind, int cutoff) {

  /** The cutoff that lets the whole ranking count. */
  public static final int WHOLE = Integer.MAX_VALUE;

  /** The cutoffs that MTEB reports. */
  public static final List<Integer> MTEB_CUTOFFS = List.of(1, 3, 5, 10, 20, 100, 1000);

  /** The measure by which MTEB ranks retrieval. */
  public static final RetrievalMeasure NDCG_AT_10 = new RetrievalMeasure(Kind.NDCG, 10);

  /** What is measured. */
  public enum Kind {
    /** Normalised discounted cumulative gain with the grade as gain. */
    NDCG,
    /** Mean average precision. */
    MAP,
    /** Reciprocal rank of the first relevant document. */
    MRR,
    /** Share of the relevant documents that were found. */
    RECALL,
    /** Share of the ranks that hold a relevant document. */
    PRECISION
  }

  /** Rejects a cutoff below 1. */
  public RetrievalMeasure {
    Objects.requireNonNull(kind, "kind");
    if (cutoff < 1) {
      throw new IllegalArgumentException("the cutoff must be at least 1, got " + cutoff);
    }
  }

  /** Every kind at every cutoff of MTEB, in the order of MTEB's result files. */
  public static List<RetrievalMeasure> mteb() {
    List<RetrievalMeasure> measures = new ArrayList<>();
    for (Kind kind : List.of(Kind.NDCG, Kind.MAP, Kind.RECALL, Kind.PRECISION, Kind.MRR)) {
      MTEB_CUTOFFS.forEach(cutoff -> measures.add(new RetrievalMeasure(kind, cutoff)));
    }
    return List.copyOf(measures);
  }

  /** The name in MTEB's result files, for example {@code ndcg_at_10}. */
  public String mtebName() {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return cutoff == WHOLE ? name : name + "_at_" + cutoff;
  }

  @Override
  public String toString() {
    return mtebName();
  }
}
