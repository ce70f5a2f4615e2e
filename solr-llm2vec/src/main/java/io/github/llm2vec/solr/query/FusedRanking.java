/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/**
 * The documents that words and vectors found in a whole collection, with both ranks. It travels to
 * the shards as a JSON list of {@code [id, rank by words, rank by vectors]}.
 *
 * @param documents in any order
 */
record FusedRanking(List<Entry> documents) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * A document.
   *
   * @param id its unique key
   * @param wordRank its rank by words, counted from 1; 0 if they missed it
   * @param vectorRank its rank by vectors, counted from 1; 0 if they missed it
   */
  record Entry(String id, int wordRank, int vectorRank) {}

  /** Copies the documents. */
  FusedRanking {
    documents = List.copyOf(documents);
  }

  /** Joins two rankings of ids, each best first. */
  static FusedRanking of(List<String> words, List<String> vectors) {
    Map<String, Entry> documents = new LinkedHashMap<>();
    for (int i = 0; i < words.size(); i++) {
      documents.putIfAbsent(words.get(i), new Entry(words.get(i), i + 1, 0));
    }
    for (int i = 0; i < vectors.size(); i++) {
      int rank = i + 1;
      documents.merge(
          vectors.get(i),
          new Entry(vectors.get(i), 0, rank),
          (byWords, byVectors) ->
              byWords.vectorRank() > 0
                  ? byWords
                  : new Entry(byWords.id(), byWords.wordRank(), rank));
    }
    return new FusedRanking(List.copyOf(documents.values()));
  }

  /** The JSON that {@link #read} reads. */
  String write() {
    ArrayNode list = JSON.createArrayNode();
    for (Entry entry : documents) {
      list.addArray().add(entry.id()).add(entry.wordRank()).add(entry.vectorRank());
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
        if (entry.size() != 3 || !entry.path(1).isInt() || !entry.path(2).isInt()) {
          throw wrong(entry.toString());
        }
        documents.add(new Entry(entry.get(0).asText(), entry.get(1).asInt(), entry.get(2).asInt()));
      }
      return new FusedRanking(documents);
    } catch (JsonProcessingException e) {
      throw wrong(e.getOriginalMessage());
    }
  }

  private static SolrException wrong(String found) {
    return new SolrException(
        ErrorCode.BAD_REQUEST, "parameter llm2vec.hybrid.* holds no ranking: " + found);
  }
}
