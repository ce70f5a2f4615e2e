/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.solr.MatrixCluster.Topology;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What queries must not do on one core, over {@code shards=} and in a collection: fail
 * highlighters, take numbers or names for others, make room for all that is asked for, ignore tags,
 * fill logs.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueryLimitsTest {

  private MatrixCluster cluster;
  private MatrixRequests requests;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    cluster = new MatrixCluster(folder.resolve("cluster"));
    requests = new MatrixRequests(cluster);
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{!llm2vec f=doc_vector v=$qq}",
        "{!llm2vec f=doc_vector efSearch=100 overRequest=3 v=$qq}",
        "{!llm2vec f=short_vector efSearch=100 overRequest=3 v=$qq}",
        "{!llm2vec f=doc_vector minReturn=0.5 v=$qq}",
        "{!llm2vec f=passage_vector which=$documents v=$qq}",
        "{!llm2vec f=passage_vector childrenOf=$documents v=$qq}",
        "{!llm2vec f=doc_vector preFilter='text:gene' v=$qq}",
        "{!bool must=$n}",
        "{!bool must=$n should='text:gene'}",
        "{!boost b=2 v=$n}",
        "+text:gene {!llm2vec f=doc_vector v=$qq}",
        "{!bool must=$h}",
        "{!bool should=$h should=$n}",
        "{!llm2vecHybrid f=doc_vector qf=text v=$qq}",
        "{!llm2vecHybrid f=passage_vector which=$documents qf=text v=$qq}"
      })
  void everyHighlighterTakesOurQueries(String query) throws Exception {
    boolean words = query.contains("text");
    for (String method : List.of("unified", "original", "fastVector")) {
      Map<String, Object> params = requests.params("hl=true&hl.fl=text&fq=category_i:[0 TO 9]");
      params.put("q", query);
      params.put("n", "{!llm2vec f=doc_vector topK=400 v=$qq}");
      params.put("h", "{!llm2vecHybrid f=doc_vector qf=text v=$qq}");
      params.put("hl.method", method);
      if (query.contains("childrenOf")) {
        params.remove("fq");
      }
      for (Topology topology : Topology.values()) {
        JsonNode response = requests.get(topology, params);
        assertTrue(SearchHits.of(response).size() > 5, method + topology);
        boolean marked = response.get("highlighting").toString().contains("<em>gene</em>");
        if (!query.contains("preFilter")) {
          boolean mayMark = words || query.contains("$h");
          boolean must = mayMark && !(query.contains("bool") && method.equals("fastVector"));
          assertTrue(must ? marked : mayMark || !marked, method + topology + response);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {!llm2vec f=doc_vector topK=0 v=$qq}                     | topK must be at least 1, got 0
          {!llm2vec f=doc_vector topK=-1 v=$qq}                    | topK must be at least 1, got -1
          {!llm2vec f=doc_vector topK=99999999999 v=$qq}           | 99999999999
          {!llm2vec f=doc_vector topK=many v=$qq}                  | many
          {!llm2vec f=passage_vector which=$documents topK=0 v=$qq} | topK must be at least 1, got 0
          {!llm2vec f=doc_vector minReturn=x v=$qq}                | x
          {!llm2vecHybrid f=doc_vector depth=0 v=$qq}              | depth must be at least 1, got 0
          {!llm2vecHybrid f=doc_vector depth=-5 v=$qq}             | depth must be at least 1, got -5
          {!llm2vecHybrid f=doc_vector depth=9999999999 v=$qq}     | 9999999999
          {!llm2vecHybrid f=doc_vector rankConstant=-1 v=$qq}      | rankConstant
          {!llm2vec f=doc_vector topk=5 v=$qq}                     | unknown parameter 'topk'; did you mean 'topK'?
          {!llm2vec f=doc_vector prefilter=a v=$qq}                | did you mean 'preFilter'?
          {!llm2vec f=doc_vector depth=5 v=$qq}                    | unknown parameter 'depth'
          {!llm2vec field=doc_vector v=$qq}                        | unknown parameter 'field'
          {!llm2vec f=doc_vector allowModelChange=ture v=$qq}      | ture
          {!llm2vecHybrid f=doc_vector dept=5 v=$qq}               | did you mean 'depth'?
          {!llm2vecHybrid f=doc_vector topK=5 v=$qq}               | unknown parameter 'topK'
          {!llm2vecHybrid f=doc_vector Qf=text v=$qq}              | did you mean 'qf'?
          {!llm2vecHybrid f=doc_vector includeTag=t v=$qq}         | did you mean 'includeTags'?
          {!llm2vecHybrid f=doc_vector fusion=rff v=$qq}           | rff
          {!bool must='{!llm2vecHybrid f=doc_vector qf=text includeTags=t v=$qq}'} | includeTags
          {!llm2vecHybrid f=doc_vector includeTags=t preFilter=a v=$qq} | includeTags
          """)
  void whatIsOutOfRangeOrMistypedIsABadRequest(String query, String message) throws Exception {
    for (Topology topology : Topology.values()) {
      Map<String, Object> params = requests.params("qf=text");
      params.put("q", query);
      HttpResponse<String> response = cluster.select(topology, params);
      assertEquals(400, response.statusCode(), topology + " " + response.body());
      assertTrue(response.body().contains(message), response.body());
    }
    HttpResponse<String> wrongCase =
        cluster.select(
            Topology.ONE_CORE, requests.params("defType=llm2vec&q=gene&f=doc_vector&TopK=5"));
    assertEquals(400, wrongCase.statusCode(), wrongCase.body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "q={!llm2vec f=doc_vector topK=100000000 v=$qq}",
        "q={!llm2vec f=doc_vector topK=2147483647 v=$qq}",
        "q={!llm2vec f=doc_vector topK=2147483647 overRequest=2147483647 v=$qq}",
        "q={!llm2vec f=short_vector topK=100000000 efSearch=2147483647 overRequest=9 v=$qq}",
        "q={!llm2vec f=doc_vector topK=100000000 efSearchScaleFactor=1000 v=$qq}",
        "q={!llm2vec f=passage_vector which=$documents topK=2147483647 v=$qq}",
        "q={!llm2vec f=passage_vector childrenOf=$documents topK=2147483647 v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text depth=2147483647 v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text depth=100000000 overRequest=50 v=$qq}",
        "q=*:*&fq={!llm2vec f=doc_vector topK=100000000 v=$qq}",
        "q={!llm2vec f=doc_vector topK=100000000 v=$qq}&rows=2147483600",
        "q={!llm2vecHybrid f=doc_vector qf=text depth=100000000 v=$qq}&rows=100000000",
        "q={!llm2vec f=doc_vector topK=10 v=$qq}&rows=2147483640",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&rows=2147483640",
      })
  void hugeNumbersCostNoMemory(String request) throws Exception {
    for (Topology topology : Topology.values()) {
      assertTrue(!requests.get(topology, requests.params(request)).at("/response/docs").isEmpty());
    }
  }

  @Test
  void tagsChooseTheFiltersOfAHybrid() throws Exception {
    String hybrid =
        "q={!llm2vecHybrid f=doc_vector efSearch=400 depth=40 %s v=$qq}"
            + "&fq={!tag=a}category_i:1&fq={!tag=b}number_i:[0 TO 800]";
    for (String tags :
        List.of("excludeTags=a", "includeTags=b", "excludeTags=a,b", "includeTags=''")) {
      Map<String, Object> params = requests.params(hybrid.formatted(tags));
      params.put("fq", List.of("{!tag=a}category_i:1", "{!tag=b}number_i:[0 TO 800]"));
      params.put("qf", "text");
      requests.assertSameOnAllTopologies(params);
      int chosen = requests.hits(Topology.ONE_CORE, params).size();
      params.put("q", params.get("q").toString().replace(tags, ""));
      assertTrue(chosen < requests.hits(Topology.ONE_CORE, params).size(), tags);
    }
  }

  /** All that shards write into their request logs for one query, without time, thread and core. */
  @ParameterizedTest
  @ValueSource(strings = {"llm2vec f=doc_vector", "llm2vecHybrid f=doc_vector qf=text"})
  void shardsLogLittle(String query) throws Exception {
    Queue<String> lines = new ConcurrentLinkedQueue<>();
    AbstractAppender appender =
        new AbstractAppender("lines", null, null, false, Property.EMPTY_ARRAY) {
          @Override
          public void append(LogEvent event) {
            lines.add(event.getMessage().getFormattedMessage());
          }
        };
    appender.start();
    Logger log = (Logger) LogManager.getLogger("org.apache.solr.core.SolrCore.Request");
    log.addAppender(appender);
    try {
      Map<String, Object> params =
          requests.params("q={!" + query + " v=$qq}&fl=id,text,score&rows=10");
      params.put("qq", "gene ".repeat(900));
      requests.get(Topology.CLOUD, params);
      List<String> ofShards = lines.stream().filter(line -> !line.contains("params=")).toList();
      assertEquals(1, lines.size() - ofShards.size(), lines.toString());
      assertTrue(ofShards.size() >= 4, lines.toString());
      int length = ofShards.stream().mapToInt(String::length).sum();
      assertTrue(length < 500, length + " " + ofShards);
      System.out.println(query + ": " + ofShards.size() + " lines of shards, " + length + " bytes");
      lines.clear();
      params.put("logParamsList", "rows,llm2vec.vector.x");
      requests.get(Topology.CLOUD, params);
      // The node that took the request logs what stood in its URL, which was nothing.
      assertEquals(
          lines.size() - 1,
          lines.stream().filter(line -> line.contains("params={rows=10}")).count(),
          lines.toString());
    } finally {
      log.removeAppender(appender);
    }
  }
}
