/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.MatrixCluster.Topology;
import io.github.llm2vec.solr.SearchHits.Hit;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Requests to {@link MatrixCluster}, and that they are answered alike on all topologies. */
final class MatrixRequests {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final MatrixCluster cluster;

  MatrixRequests(MatrixCluster cluster) {
    this.cluster = cluster;
  }

  /** The parameters of a request like {@code q=*:*&fq=a}, with what all requests have. */
  Map<String, Object> params(String request) {
    Map<String, Object> params = new TreeMap<>();
    params.put("qq", "gene cell growth");
    params.put("bump", "mul(number_i,0.0001)");
    params.put("bf", "mul(number_i,0.0001)");
    params.put("rows", 400);
    params.put("fl", "id,score");
    for (String part : request.split("&", -1)) {
      params.put(part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
    }
    return params;
  }

  /** The same documents with the same scores. */
  void assertSameOnAllTopologies(Map<String, Object> request) throws Exception {
    Map<String, Object> params = new TreeMap<>(request);
    params.putIfAbsent("rows", 400);
    params.putIfAbsent("fl", "id,score");
    List<Hit> one = SearchHits.sorted(hits(Topology.ONE_CORE, params));
    assertTrue(one.size() > 5, "hits: " + one.size());
    for (Topology topology : List.of(Topology.SHARDS, Topology.CLOUD)) {
      List<Hit> hits = SearchHits.sorted(hits(topology, params));
      assertEquals(
          one.stream().map(Hit::id).sorted().toList(),
          hits.stream().map(Hit::id).sorted().toList(),
          topology.name());
      for (int i = 0; i < one.size(); i++) {
        assertEquals(one.get(i).score(), hits.get(i).score(), 1e-5, topology.name());
      }
    }
  }

  /** The hits of a request that must succeed. */
  List<Hit> hits(Topology topology, Map<String, Object> params) throws Exception {
    JsonNode response = get(topology, params);
    String field = "id,near:query($near)".equals(params.get("fl")) ? "near" : "score";
    List<Hit> hits = new ArrayList<>();
    for (JsonNode document : response.at("/response/docs")) {
      hits.add(new Hit(document.get("id").asText(), (float) document.path(field).asDouble()));
    }
    return hits;
  }

  /** The answer to a request that must succeed. */
  JsonNode get(Topology topology, Map<String, Object> params) throws Exception {
    HttpResponse<String> response = cluster.select(topology, params);
    assertEquals(
        200,
        response.statusCode(),
        () -> topology + " " + Arrays.toString(response.body().split("\n", 30)));
    return JSON.readTree(response.body());
  }
}
