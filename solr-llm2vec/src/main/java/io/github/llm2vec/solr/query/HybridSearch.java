/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;

/**
 * A hybrid query of a request, in a form in which the shards can be asked for its rankings. It
 * travels as JSON in a parameter of its own, which no query parser reads: whatever its texts hold,
 * they arrive as they are.
 *
 * @param parser name of its parser
 * @param parameters its parameters with all references resolved, the text as {@code v} among them
 * @param filtered whether the filters of the request are its own, as they are those of a main query
 */
record HybridSearch(String parser, Map<String, List<String>> parameters, boolean filtered) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Writes a query down. */
  static HybridSearch of(String parser, SolrParams local, boolean filtered) {
    return new HybridSearch(parser, QueryParameters.meaning(local), filtered);
  }

  /** What the query is called where people read it, the same on all nodes. */
  String describe() {
    return QueryParameters.describe(parser, localParams());
  }

  /** Names the search among those of a request, the same on all nodes. */
  String key() {
    byte[] digest = ContentHash.digest("SHA-256").digest(write().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 16);
  }

  /** The parameters as the parser takes them. */
  SolrParams localParams() {
    ModifiableSolrParams local = new ModifiableSolrParams();
    parameters.forEach((name, values) -> local.set(name, values.toArray(String[]::new)));
    return local;
  }

  /** The JSON that {@link #read} reads: {@code [parser, filtered, {name: [value, ...], ...}]}. */
  String write() {
    ArrayNode search = JSON.createArrayNode().add(parser).add(filtered);
    ObjectNode named = search.addObject();
    parameters.forEach((name, values) -> values.forEach(named.withArray(name)::add));
    return search.toString();
  }

  /**
   * Reads what another node sent.
   *
   * @throws SolrException 400 if it is no search
   */
  static HybridSearch read(String json) {
    try {
      JsonNode search = JSON.readTree(json);
      if (search.size() != 3 || !search.get(2).isObject()) {
        throw wrong(json);
      }
      Map<String, List<String>> parameters = new TreeMap<>();
      for (Map.Entry<String, JsonNode> parameter : search.get(2).properties()) {
        List<String> values = new ArrayList<>();
        parameter.getValue().forEach(value -> values.add(value.asText()));
        parameters.put(parameter.getKey(), values);
      }
      return new HybridSearch(search.get(0).asText(), parameters, search.get(1).asBoolean());
    } catch (JsonProcessingException e) {
      throw wrong(e.getOriginalMessage());
    }
  }

  private static SolrException wrong(String found) {
    return SolrErrors.badRequest(
        "parameter " + HybridFusionPhase.SEARCH + " holds no hybrid search: " + found);
  }
}
