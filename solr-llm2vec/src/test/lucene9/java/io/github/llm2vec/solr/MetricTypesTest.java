/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counters, gauges, histograms and timers are those of Solr 9, for JSON and for Prometheus. */
class MetricTypesTest {

  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "16");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path home;
  private SolrNode node;

  @BeforeEach
  void start() throws Exception {
    node = SolrNode.start(home, model -> new FakeBatchModel(16).service());
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private void search(String text) throws Exception {
    node.select("one", Map.of("q", "{!llm2vec f=vector}" + text));
  }

  private void useOnce() throws Exception {
    assertEquals(
        200, node.update("one", "commit=true", "[{\"id\":\"1\",\"text\":\"words\"}]").statusCode());
    search("a query");
    search("a query");
  }

  private JsonNode metrics(String group, String prefix) throws Exception {
    String path = "/admin/metrics?group=" + group + "&prefix=" + prefix + "&wt=json";
    return JSON.readTree(node.get(path).body()).get("metrics").elements().next();
  }

  @Test
  void figuresOfTheNodeHaveTheirTypes() throws Exception {
    node.createCore("one", PROPERTIES);
    useOnce();
    JsonNode metrics = metrics("node", "LLM2VEC");
    assertEquals(1, metrics.get("LLM2VEC.default.ready").asInt(), metrics.toString());
    assertEquals(1, metrics.get("LLM2VEC.default.documents").asInt());
    assertEquals(1, metrics.get("LLM2VEC.default.queries").asInt());
    assertEquals(1, metrics.get("LLM2VEC.default.cachedQueries").asInt());
    // A blank and a letter are a token each: " words" and " a query".
    assertEquals(14, metrics.get("LLM2VEC.default.tokens").asInt());
    assertTrue(metrics.has("LLM2VEC.default.queryQueueMsP99"));
    assertEquals(1, metrics.at("/LLM2VEC.default.queryQueueMs/count").asInt());
    assertTrue(metrics.at("/LLM2VEC.default.stepMs").has("p99"), metrics.toString());
    String counters = node.get("/admin/metrics?group=node&type=counter&prefix=LLM2VEC").body();
    assertTrue(counters.contains("LLM2VEC.default.tokens"), counters);
    assertFalse(counters.contains("LLM2VEC.default.ready"), counters);
  }

  @Test
  void countersGoOnWhereAReloadEndedThem() throws Exception {
    node.createCore("one", PROPERTIES);
    useOnce();
    long steps = metrics("node", "LLM2VEC").get("LLM2VEC.default.steps").asLong();
    assertEquals(200, node.reloadModel("one").statusCode());
    assertEquals(steps, metrics("node", "LLM2VEC").get("LLM2VEC.default.steps").asLong());
    search("another query");
    JsonNode after = metrics("node", "LLM2VEC");
    assertEquals(steps + 1, after.get("LLM2VEC.default.steps").asLong());
    assertEquals(2, after.get("LLM2VEC.default.queries").asLong());
    node.container().unload("one");
    assertEquals(steps + 1, metrics("node", "LLM2VEC").get("LLM2VEC.default.steps").asLong());
  }

  @Test
  void everyCoreHasTheLatencyOfItsOwnEncodings() throws Exception {
    node.createCore("one", PROPERTIES);
    node.createCore("two", PROPERTIES);
    useOnce();
    JsonNode one =
        metrics("core", "QUERY./llm2vec/encode,UPDATE./llm2vec/encode&registry=solr.core.one");
    assertEquals(2, one.at("/QUERY.~1llm2vec~1encode.requestTimes/count").asInt(), one.toString());
    assertEquals(1, one.at("/UPDATE.~1llm2vec~1encode.requestTimes/count").asInt(), one.toString());
    assertTrue(one.at("/QUERY.~1llm2vec~1encode.requestTimes").has("p99_ms"), one.toString());
    String two =
        node.get("/admin/metrics?registry=solr.core.two&prefix=QUERY./llm2vec/encode").body();
    assertFalse(two.contains("requestTimes"), two);
  }

  @Test
  void prometheusIsToldEveryFigureAsWhatItIs() throws Exception {
    node.createCore("one", PROPERTIES);
    useOnce();
    String text = node.get("/admin/metrics?wt=prometheus").body();
    String counter =
        "solr_metrics_node_requests_total{category=\"ADMIN\",handler=\"/llm2vec/default\"";
    assertTrue(text.contains(counter + ",type=\"documents\"} 1.0"), text);
    assertTrue(text.contains("# TYPE solr_metrics_node_requests_total counter"), text);
    String gauge =
        "solr_metrics_core_update_handler{category=\"ADMIN\",core=\"one\",handler=\"/llm2vec/default\"";
    assertTrue(text.contains(gauge + ",type=\"ready\"} 1.0"), text);
    assertTrue(text.contains("# TYPE solr_metrics_core_update_handler gauge"), text);
    String summary =
        "solr_metrics_core_request_time_ms_count{category=\"QUERY\",core=\"one\",handler=\"/llm2vec/encode\"}";
    assertTrue(text.contains(summary + " 2"), text);
    assertTrue(text.contains("# TYPE solr_metrics_core_request_time_ms summary"), text);
  }
}
