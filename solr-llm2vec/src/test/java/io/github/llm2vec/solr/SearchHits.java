/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.lucene.index.VectorSimilarityFunction;

/** What searches find, and what they should find. */
public final class SearchHits {

  private static final Comparator<Hit> BEST_FIRST =
      Comparator.<Hit>comparingDouble(hit -> -hit.score()).thenComparing(Hit::id);

  private SearchHits() {}

  /** A document and its score. */
  public record Hit(String id, float score) {}

  /** The hits of a response, in its order. */
  public static List<Hit> of(JsonNode response) {
    List<Hit> hits = new ArrayList<>();
    for (JsonNode document : response.at("/response/docs")) {
      hits.add(new Hit(document.get("id").asText(), (float) document.get("score").asDouble()));
    }
    return hits;
  }

  /** The same, with equal scores in the order of ids. */
  public static List<Hit> sorted(List<Hit> hits) {
    return hits.stream().sorted(BEST_FIRST).toList();
  }

  /** The documents nearest to a text by Lucene's similarity of all vectors. */
  public static List<Hit> nearest(
      FakeBatchModel encoder, String query, List<SciFact.Abstract> documents, int count) {
    float[] target = encoder.vector(" " + query);
    return documents.stream()
        .map(
            document ->
                new Hit(
                    document.id(),
                    VectorSimilarityFunction.DOT_PRODUCT.compare(
                        target, encoder.vector(" " + document.source()))))
        .sorted(BEST_FIRST)
        .limit(count)
        .toList();
  }

  /** The ids of hits. */
  public static List<String> ids(List<Hit> hits) {
    return hits.stream().map(Hit::id).toList();
  }
}
