/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;

/**
 * The ten nearest documents of some queries, in the old and in the new vector field.
 *
 * @param queries texts by id
 * @param old hits by the id of the query
 * @param fresh those in the new field
 */
public record SearchComparison(
    Map<String, String> queries, Map<String, List<Hit>> old, Map<String, List<Hit>> fresh) {

  /**
   * A document that a search found.
   *
   * @param documentId value of the unique key
   * @param score by which it is ranked
   */
  public record Hit(String documentId, float score) {}

  /** Hits of a search. */
  private static final int TOP = 10;

  private static final int SHOWN = 3;
  private static final int WORDS = 12;

  /** Searches both fields, each with the model of its mapping. */
  public static SearchComparison of(
      LiveCollection collection,
      VectorFieldMapping old,
      VectorFieldMapping fresh,
      Map<String, String> queries)
      throws IOException {
    Map<String, List<Hit>> before = new LinkedHashMap<>();
    Map<String, List<Hit>> after = new LinkedHashMap<>();
    String key = collection.uniqueKey();
    for (Map.Entry<String, String> query : queries.entrySet()) {
      before.put(query.getKey(), search(collection, old, key, query.getValue()));
      after.put(query.getKey(), search(collection, fresh, key, query.getValue()));
    }
    return new SearchComparison(queries, before, after);
  }

  private static List<Hit> search(
      LiveCollection collection, VectorFieldMapping mapping, String key, String text)
      throws IOException {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(
        CommonParams.Q,
        "{!llm2vec f=%s model='%s' adapter='%s' topK=%s%s v=$qq}"
            .formatted(
                mapping.vector(),
                mapping.model(),
                mapping.adapter(),
                TOP,
                mapping.passages() ? " which='" + DocumentWalk.DOCUMENTS + "'" : ""));
    params.set("qq", text);
    params.set(CommonParams.ROWS, TOP);
    params.set(CommonParams.FL, key + ",score");
    List<Hit> hits = new ArrayList<>();
    for (SolrDocument document : collection.query(params).getResults()) {
      hits.add(
          new Hit(
              String.valueOf(document.getFieldValue(key)),
              ((Number) document.getFieldValue("score")).floatValue()));
    }
    return hits;
  }

  /**
   * Queries for a collection without any: the first words of some documents, chosen by the hashes
   * of their ids, in one search; the first ones where ids have no docValues, which hashes need.
   *
   * @param count most queries
   */
  public static Map<String, String> sampled(
      LiveCollection collection, VectorFieldMapping mapping, int count) throws IOException {
    String key = collection.uniqueKey();
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(CommonParams.Q, "*:*").set(CommonParams.FQ, DocumentWalk.withVector(mapping));
    params.set(CommonParams.ROWS, 0);
    long found = collection.query(params).getResults().getNumFound();
    long parts = found / count;
    if (parts > 1 && hasDocValues(collection, key)) {
      params.add(CommonParams.FQ, "{!hash worker=0 workers=" + parts + "}");
      params.set("partitionKeys", key);
    }
    params.set(CommonParams.SORT, key + " asc");
    params.set(CommonParams.FL, String.join(",", mapping.fields()));
    params.set(CommonParams.ROWS, count);
    Map<String, String> queries = new LinkedHashMap<>();
    for (SolrDocument document : collection.query(params).getResults()) {
      List<String> words = List.of(mapping.text(document).strip().split("\\s+", -1));
      queries.put(
          "sample " + (queries.size() + 1),
          String.join(" ", words.subList(0, Math.min(WORDS, words.size()))));
    }
    return queries;
  }

  private static boolean hasDocValues(LiveCollection collection, String field) throws IOException {
    return collection
        .field(field, true)
        .map(attributes -> Boolean.TRUE.equals(attributes.get("docValues")))
        .orElse(false);
  }

  /** The mean share of the hits of the old field that the new one has, too; 1 without queries. */
  public double overlap() {
    return queries.keySet().stream().mapToDouble(this::overlap).average().orElse(1);
  }

  private double overlap(String query) {
    Set<String> before = ids(query, old);
    Set<String> both = new HashSet<>(before);
    both.retainAll(ids(query, fresh));
    return before.isEmpty() ? 1 : (double) both.size() / before.size();
  }

  private static Set<String> ids(String query, Map<String, List<Hit>> hits) {
    Set<String> ids = new HashSet<>();
    hits.getOrDefault(query, List.of()).forEach(hit -> ids.add(hit.documentId()));
    return ids;
  }

  /** The queries whose hits differ most, to be looked at. */
  public List<String> lines() {
    return queries.entrySet().stream()
        .sorted((a, b) -> Double.compare(overlap(a.getKey()), overlap(b.getKey())))
        .limit(SHOWN)
        .flatMap(
            query ->
                Stream.of(
                    query.getKey() + ": " + query.getValue(),
                    "  old: " + list(query.getKey(), old),
                    "  new: " + list(query.getKey(), fresh)))
        .toList();
  }

  private static String list(String query, Map<String, List<Hit>> hits) {
    return String.join(
        " ", hits.getOrDefault(query, List.of()).stream().map(Hit::documentId).toList());
  }
}
