/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.VectorQuantization;
import java.util.List;
import java.util.Locale;

/** A search method that is compared: exact, HNSW, BM25, or a fusion. */
public sealed interface SearchMethod {

  /** Short name, for tables. */
  String label();

  /** Name of the system that this makes of a model, for files. */
  String systemName(String model);

  /** Whether it needs vectors. */
  default boolean usesVectors() {
    return true;
  }

  /** Every query compared with every document: what MTEB measures. */
  record Exact() implements SearchMethod {
    @Override
    public String label() {
      return "exact";
    }

    @Override
    public String systemName(String model) {
      return model;
    }
  }

  /**
   * Lucene's graph of vectors, as a search engine uses it.
   *
   * @param quantization how the searched vectors are kept
   */
  record Hnsw(VectorQuantization quantization) implements SearchMethod {
    @Override
    public String label() {
      return "hnsw-" + quantization.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String systemName(String model) {
      return model + "-" + label();
    }
  }

  /** BM25 over words; no vectors. */
  record Bm25() implements SearchMethod {
    @Override
    public String label() {
      return "bm25";
    }

    @Override
    public String systemName(String model) {
      return "bm25";
    }

    @Override
    public boolean usesVectors() {
      return false;
    }
  }

  /**
   * The exact search and BM25, fused.
   *
   * @param fusion how both rankings become one
   */
  record Hybrid(HybridFusion fusion) implements SearchMethod {
    /** By ranks, with equal weights. */
    public Hybrid() {
      this(HybridFusion.DEFAULT);
    }

    @Override
    public String label() {
      return "hybrid";
    }

    @Override
    public String systemName(String model) {
      return model + "-hybrid";
    }
  }

  /**
   * A method by its label; {@code hnsw} is the graph of full floats.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  static SearchMethod of(String label) {
    String wanted = label.equals("hnsw") ? "hnsw-float32" : label;
    return all().stream()
        .filter(method -> method.label().equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is no way to search; there are %s"
                        .formatted(
                            label,
                            String.join(", ", all().stream().map(SearchMethod::label).toList()))));
  }

  /** Everything that can be compared with this Lucene: exact, three graphs, BM25 and hybrid. */
  static List<SearchMethod> all() {
    return List.of(
        new Exact(),
        new Hnsw(VectorQuantization.FLOAT32),
        new Hnsw(VectorQuantization.INT8),
        new Hnsw(VectorQuantization.INT4),
        new Bm25(),
        new Hybrid());
  }
}
