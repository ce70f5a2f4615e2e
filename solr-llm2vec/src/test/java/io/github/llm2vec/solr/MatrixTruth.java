/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.MatrixCluster.Document;
import io.github.llm2vec.solr.MatrixCluster.Topology;
import java.net.http.HttpResponse;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.lucene.index.VectorSimilarityFunction;

/**
 * What searches over the documents of {@link MatrixCluster} must find: by comparing all vectors,
 * and for the words of hybrid searches by Solr's own edismax on one core.
 */
final class MatrixTruth {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final MatrixCluster cluster;
  private final Map<String, Document> documents = new TreeMap<>();
  private final Map<String, Map<String, Double>> words = new HashMap<>();

  MatrixTruth(MatrixCluster cluster) {
    this.cluster = cluster;
    cluster.all().forEach(document -> documents.put(document.id(), document));
  }

  /** The kinds of searches. */
  enum Parser {
    NEAREST,
    QUANTISED,
    THRESHOLD,
    PASSAGES,
    HYBRID,
    HYBRID_PASSAGES;

    /** The name in a request. */
    String type() {
      return ranked() ? "llm2vecHybrid" : "llm2vec";
    }

    /** Whether scores are of ranks, which are often equal. */
    boolean ranked() {
      return this == HYBRID || this == HYBRID_PASSAGES;
    }

    private boolean byPassages() {
      return this == PASSAGES || this == HYBRID_PASSAGES;
    }
  }

  /** The filters of a request. */
  enum Filter {
    NONE("", document -> true),
    CACHED("category_i:1", document -> document.category() == 1),
    NEGATIVE("-category_i:1", document -> document.category() != 1),
    POST(
        "{!frange l=200 u=800 cache=false cost=200}number_i",
        document -> document.number() >= 200 && document.number() <= 800),
    TAGGED("{!tag=t}category_i:2", document -> document.category() == 2),
    COLLAPSED("{!collapse field=group_s}", document -> true);

    private final String query;

    // A function of its argument alone.
    @SuppressWarnings("ImmutableEnumChecker")
    private final Predicate<Document> predicate;

    Filter(String query, Predicate<Document> predicate) {
      this.query = query;
      this.predicate = predicate;
    }

    String query() {
      return query;
    }

    boolean accepts(Document document) {
      return predicate.test(document);
    }

    /** Whether a search applies it while it looks for the nearest. */
    boolean isBefore() {
      return this != POST && this != COLLAPSED;
    }

    /** What is left of hits when Solr has applied it to them. */
    Map<String, Double> after(Map<String, Double> hits, MatrixTruth truth) {
      Map<String, Double> left = new TreeMap<>();
      Map<String, String> best = new HashMap<>();
      hits.forEach(
          (id, score) -> {
            Document document = truth.document(id);
            if (this == COLLAPSED) {
              if (!document.group().isEmpty()) {
                best.merge(
                    document.group(), id, (old, other) -> hits.get(old) >= score ? old : other);
              }
            } else if (accepts(document)) {
              left.put(id, score);
            }
          });
      best.values().forEach(id -> left.put(id, hits.get(id)));
      return left;
    }
  }

  /**
   * A search.
   *
   * @param parser its kind
   * @param text what is searched for
   * @param count {@code topK} or {@code depth}
   * @param least {@code minReturn} of a threshold
   */
  record Search(Parser parser, String text, int count, double least) {

    static Search random(Parser parser, String text, Random random) {
      return new Search(parser, text, 1 + random.nextInt(40), 0.5 + 0.25 * random.nextDouble());
    }

    boolean isFor(String encoded) {
      return encoded.equals(text.replaceAll("[\ud800-\udfff]", "?")) || encoded.equals(text);
    }

    /** All parameters but the text, as they would stand in a request. */
    Map<String, Object> parameters() {
      Map<String, Object> parameters = new TreeMap<>();
      parameters.put(
          "f",
          switch (parser) {
            case QUANTISED -> "short_vector";
            case PASSAGES, HYBRID_PASSAGES -> "passage_vector";
            default -> "doc_vector";
          });
      if (parser == Parser.THRESHOLD) {
        parameters.put("minReturn", least);
        return parameters;
      }
      parameters.put("efSearch", 400);
      parameters.put(parser.ranked() ? "depth" : "topK", count);
      if (parser.ranked()) {
        parameters.put("qf", "text");
        parameters.put("bf", "$bump");
      }
      if (parser == Parser.QUANTISED) {
        parameters.put("overRequest", 400);
      }
      if (parser.byPassages()) {
        parameters.put("which", "$documents");
      }
      return parameters;
    }

    /** The query, which takes the text from {@code $qq}. */
    String query() {
      StringBuilder query = new StringBuilder("{!").append(parser.type());
      parameters().forEach((name, value) -> query.append(" " + name + "=" + value));
      return query.append(" v=$qq}").toString();
    }

    boolean isRefused(MatrixTruth truth) throws Exception {
      return text.isBlank() || (parser.ranked() && truth.words(text) == null);
    }
  }

  Document document(String id) {
    return documents.get(id);
  }

  /** The documents that pass a filter and are no passages. */
  Map<String, Double> base(Filter filter) {
    Map<String, Double> base = new TreeMap<>();
    documents.forEach(
        (id, document) -> {
          if (!document.isPassage() && filter.accepts(document)) {
            base.put(id, 1.0);
          }
        });
    return base;
  }

  /**
   * What a search finds.
   *
   * @param before the filter of the request, if it is one of the search
   */
  Map<String, Double> hits(Search search, Topology topology, Filter before, Filter filter)
      throws Exception {
    Predicate<Document> wanted = before.isBefore() ? before::accepts : document -> true;
    if (search.parser().ranked()) {
      return fused(search, wanted);
    }
    Map<String, Double> hits = new TreeMap<>();
    for (List<Document> part : cluster.parts(topology)) {
      Map<String, Double> scores = similarities(search, part, wanted);
      if (search.parser() == Parser.THRESHOLD) {
        scores.values().removeIf(score -> score < search.least());
        hits.putAll(scores);
      } else {
        best(scores, search.count()).forEach(id -> hits.put(id, scores.get(id)));
      }
    }
    return hits;
  }

  private Map<String, Double> fused(Search search, Predicate<Document> wanted) throws Exception {
    Map<String, Double> byWords = new TreeMap<>(words(search.text()));
    byWords.keySet().removeIf(id -> !wanted.test(document(id)));
    Map<String, Double> fused = new TreeMap<>();
    for (Map<String, Double> scores :
        List.of(byWords, similarities(search, cluster.all(), wanted))) {
      List<String> best = best(scores, search.count());
      for (int i = 0; i < best.size(); i++) {
        fused.merge(best.get(i), 1.0 / (60 + i + 1), Double::sum);
      }
    }
    return fused;
  }

  private Map<String, Double> similarities(
      Search search, List<Document> part, Predicate<Document> wanted) {
    float[] target = cluster.vector(search.text());
    boolean byPassages = search.parser().byPassages();
    Map<String, Double> scores = new TreeMap<>();
    Map<String, Document> roots = new HashMap<>();
    part.forEach(document -> roots.put(document.id(), document));
    for (Document document : part) {
      if (document.isPassage() == byPassages && wanted.test(roots.get(document.root()))) {
        double score = VectorSimilarityFunction.DOT_PRODUCT.compare(target, document.vector());
        scores.merge(document.root(), score, Math::max);
      }
    }
    return scores;
  }

  private static List<String> best(Map<String, Double> scores, int count) {
    return scores.keySet().stream()
        .sorted(Comparator.<String>comparingDouble(id -> -scores.get(id)).thenComparing(id -> id))
        .limit(count)
        .toList();
  }

  /** What edismax finds; null if it refuses the text. */
  private Map<String, Double> words(String text) throws Exception {
    if (!words.containsKey(text)) {
      Map<String, Object> params = new TreeMap<>();
      params.put("q", "{!edismax qf=text bf=$bump v=$qq}");
      params.put("qq", text);
      params.put("bump", "mul(number_i,0.0001)");
      params.put("fl", "id,score");
      params.put("rows", 1000);
      params.put("expandMacros", false);
      HttpResponse<String> response = cluster.select(Topology.ONE_CORE, params);
      Map<String, Double> scores = new TreeMap<>();
      if (response.statusCode() == 200) {
        for (JsonNode found : JSON.readTree(response.body()).at("/response/docs")) {
          scores.put(found.get("id").asText(), found.get("score").asDouble());
        }
      }
      words.put(text, response.statusCode() == 200 ? scores : null);
    }
    return words.get(text);
  }
}
