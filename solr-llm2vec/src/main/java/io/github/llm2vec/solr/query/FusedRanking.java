/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.github.llm2vec.lucene.HybridFusion.RankedPosition;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.solr.common.SolrException;

/**
 * Result of rank fusion over a whole collection: documents with their ranks in both lists. It
 * travels to the shards as a JSON list of {@code [id, rank by words, share by words, rank by
 * vectors, share by vectors]}.
 *
 * @param documents in any order
 */
record FusedRanking(List<Entry> documents) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A document.
   *
   * @param id its unique key
   * @param words its standing by words
   * @param vectors its standing by vectors
   */
  record Entry(String id, RankedPosition words, RankedPosition vectors) {}

  /**
   * A document of one ranking.
   *
   * @param id its unique key
   * @param score by which it was found
   */
  record Hit(String id, float score) {}

  /** Copies the documents. */
  FusedRanking {
    documents = List.copyOf(documents);
  }

  /** Joins two rankings, each best first and every document in it once. */
  static FusedRanking of(List<Hit> words, List<Hit> vectors) {
    Map<String, Entry> documents = new LinkedHashMap<>();
    for (int i = 0; i < words.size(); i++) {
      String id = words.get(i).id();
      documents.put(id, new Entry(id, standing(words, i), RankedPosition.MISSING));
    }
    for (int i = 0; i < vectors.size(); i++) {
      String id = vectors.get(i).id();
      RankedPosition standing = standing(vectors, i);
      documents.merge(
          id,
          new Entry(id, RankedPosition.MISSING, standing),
          (byWords, byVectors) -> new Entry(id, byWords.words(), standing));
    }
    return new FusedRanking(List.copyOf(documents.values()));
  }

  private static RankedPosition standing(List<Hit> ranking, int index) {
    return RankedPosition.of(
        index + 1,
        ranking.get(index).score(),
        ranking.get(0).score(),
        ranking.get(ranking.size() - 1).score());
  }

  /** The JSON that {@link #read} reads. */
  String write() {
    ArrayNode list = JSON.createArrayNode();
    for (Entry entry : documents) {
      ArrayNode fields = list.addArray().add(entry.id());
      for (RankedPosition standing : List.of(entry.words(), entry.vectors())) {
        fields.add(standing.rank()).add(standing.share());
      }
    }
    return list.toString();
  }

  /**
   * Reads what another node sent.
   *
   * @throws SolrException 400 if it is no ranking
   */
  static FusedRanking read(String json) {
    try {
      List<Entry> documents = new ArrayList<>();
      for (JsonNode entry : JSON.readTree(json)) {
        if (entry.size() != 5) {
          throw wrong(entry.toString());
        }
        documents.add(new Entry(entry.get(0).asText(), standing(entry, 1), standing(entry, 3)));
      }
      return new FusedRanking(documents);
    } catch (JsonProcessingException e) {
      throw wrong(e.getOriginalMessage());
    }
  }

  private static RankedPosition standing(JsonNode entry, int first) {
    if (!entry.get(first).isInt() || !entry.get(first + 1).isNumber()) {
      throw wrong(entry.toString());
    }
    try {
      return new RankedPosition(entry.get(first).intValue(), entry.get(first + 1).doubleValue());
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private static SolrException wrong(String found) {
    return SolrErrors.badRequest("parameter llm2vec.hybrid.* holds no ranking: " + found);
  }
}
