/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.MatrixCluster.Topology;
import io.github.llm2vec.solr.SearchHits.Hit;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that Solr users send, of which some once failed on one topology or all: each answers on
 * one core, over {@code shards=} and in a collection alike.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueryShapesTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private MatrixCluster cluster;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    cluster = new MatrixCluster(folder.resolve("cluster"));
  }

  @AfterAll
  void stop() {
    cluster.close();
  }

  /** Values that a parser could take for its syntax arrive as they are. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          q={!llm2vecHybrid f=doc_vector qf=text v=$qq}                 | qq="gene cell"
          q={!llm2vecHybrid f=doc_vector words=$w v=$qq}                | w="gene cell"
          q={!llm2vecHybrid f=doc_vector words='"gene cell"' v=$qq}     | w=
          q={!llm2vecHybrid f=doc_vector words="text:\\"gene cell\\"" v=$qq} | w=
          q={!llm2vecHybrid f=doc_vector words=$w v=$qq}                | w={!edismax qf=$x bf=$bump v='"gene" "cell"'}
          q={!llm2vecHybrid f=doc_vector words=$w v=$qq}                | w={!bool must=$y should='text:"heart"' should='{!func v=$bump}'}
          q={!llm2vecHybrid f=doc_vector words=$w v=$qq}                | w=text:gene AND {!lucene v=$y} AND _val_:"mul(number_i,0.0001)"
          q={!llm2vecHybrid f=doc_vector qf=text instruction=$i v=$qq}  | i=Find "the" \\ 'paper' {!x} $qq ${y}:
          q={!llm2vecHybrid f=doc_vector qf=text preFilter=$p v=$qq}    | p={!lucene v='text:"gene"'}
          q={!llm2vecHybrid f=doc_vector qf="text^2 id" bq=$p v='a "b\\' c'} | p=text:"gene cell"^3
          defType=llm2vecHybrid&f=doc_vector&qf=text                    | q="gene" {!x} $y 'cell'
          defType=llm2vecHybrid&f=doc_vector&qf=text&words=text:"gene cell" | q={!llm2vec f=x}
          defType=llm2vec&f=doc_vector&topK=400                         | q={!llm2vec f="x" v='}
          q={!llm2vec f=doc_vector topK=400 v='it\\'s "\\\\ gene}'}     | x=text
          q={!llm2vec f=doc_vector topK=400}a "gene} of {!x                 | x=text
          q={!llm2vec f=doc_vector topK=400 instruction=$i v=$qq}       | i="a" 'b' {!x} $qq
          """)
  void valuesAreNoSyntax(String request, String value) throws Exception {
    Map<String, Object> params = new TreeMap<>();
    params.put("x", "text");
    // No two documents score alike, which no topology could put in order.
    params.put("bump", "mul(number_i,0.0001)");
    params.put("bf", "mul(number_i,0.0001)");
    params.put("y", "text:cell");
    params.put("qq", "how \"gene cell\" growth");
    for (String part : (request + (value == null ? "" : "&" + value)).split("&", -1)) {
      params.put(part.substring(0, part.indexOf('=')), part.substring(part.indexOf('=') + 1));
    }
    assertSameOnAllTopologies(params);
  }

  /** Solr expands macros where a request comes in; what comes out may look like another macro. */
  @ParameterizedTest
  @ValueSource(strings = {"llm2vec", "llm2vecHybrid"})
  void macrosAreExpandedOnce(String parser) throws Exception {
    Map<String, Object> params = new TreeMap<>();
    params.put("q", "{!" + parser + " f=doc_vector efSearch=400 v=$qq}");
    params.put("qf", "text");
    params.put("bf", "mul(number_i,0.0001)");
    params.put("qq", "${a}${b} gene");
    params.put("a", "$");
    params.put("b", "{c}");
    params.put("c", "heart");
    List<Hit> expanded = SearchHits.sorted(hits(Topology.ONE_CORE, params));
    params.put("qq", "${c} gene");
    assertFalse(expanded.equals(SearchHits.sorted(hits(Topology.ONE_CORE, params))));
    params.put("qq", "${a}${b} gene");
    cluster.encoded();
    if (parser.equals("llm2vecHybrid")) {
      assertSameOnAllTopologies(params);
    }
    for (Topology topology : Topology.values()) {
      get(topology, params);
    }
    assertTrue(cluster.encoded().stream().allMatch("${c} gene"::equals));
  }

  /** As Solr's own {@code {!knn preFilter=$q}} does. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "q={!llm2vec f=doc_vector preFilter=$q v=$qq}",
        "q={!llm2vec f=doc_vector topK=500 preFilter=$q v=$qq}",
        "q={!llm2vec f=passage_vector which=$q v=$qq}",
        "q={!llm2vec f=passage_vector which=$documents parents.preFilter=$q v=$qq}",
        "q={!llm2vec f=doc_vector minReturn=0.5 preFilter=$q v=$qq}",
        "q={!llm2vec f=doc_vector preFilter=$x v=$qq}&x={!bool must=$q}",
        "q={!llm2vec f=doc_vector preFilter=$x v=$qq}&x={!func}query($q)",
        "q={!llm2vecHybrid f=doc_vector qf=text preFilter=$q v=$qq}",
        "q={!llm2vecHybrid f=doc_vector words=$q v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text bq=$q v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text bf=query($q) v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text boost=query($q) v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text q.alt=$q bq=$q v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&bq={!llm2vecHybrid f=doc_vector qf=text"
            + " v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&bf=query($q)",
        "q=gene&defType=edismax&qf=text&bq={!llm2vecHybrid f=doc_vector qf=text v=$qq}",
        "q=gene&defType=edismax&qf=text&boost=query($h)&h={!llm2vecHybrid f=doc_vector v=$qq}",
        "q={!func}query($h)&h={!llm2vecHybrid f=doc_vector words=$h v=$qq}",
        "q=*:*&fq={!llm2vecHybrid f=doc_vector words=$fq v=$qq}",
        "q=*:*&facet=true&facet.query={!llm2vec f=doc_vector preFilter=$facet.query v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&fq={!frange l=0}query($x)"
            + "&x={!llm2vecHybrid f=doc_vector words=$x v=$qq}"
      })
  void queryInsideItselfIsABadRequest(String request) throws Exception {
    for (Topology topology : Topology.values()) {
      HttpResponse<String> response = cluster.select(topology, params(request));
      assertEquals(400, response.statusCode(), topology + " " + response.body());
      assertTrue(response.body().contains("Infinite Recursion"), response.body());
    }
  }

  /** Ours inside others and others inside ours, where nothing holds itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "q=gene&defType=edismax&qf=text&bq={!llm2vec f=doc_vector topK=400 v=$qq}",
        "q=gene&defType=edismax&qf=text&bf=query($n)&n={!llm2vec f=doc_vector topK=400 v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&bq={!llm2vec f=doc_vector topK=400 v=$qq}",
        "q={!llm2vecHybrid f=doc_vector words=$n v=$qq}&n={!llm2vec f=doc_vector topK=400 v=cell}",
        "q={!llm2vecHybrid f=doc_vector qf=text preFilter=$n v=$qq}"
            + "&n={!llm2vecHybrid f=doc_vector qf=text v=cell depth=60}",
        "q={!llm2vecHybrid f=doc_vector words=$n v=$qq}"
            + "&n={!llm2vecHybrid f=doc_vector qf=text wordWeight=1.37 v=cell depth=60}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&fq={!llm2vecHybrid f=doc_vector qf=text"
            + " v=cell}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&fq={!llm2vec f=doc_vector minReturn=0.5"
            + " v=cell}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&fq=-{!llm2vecHybrid f=doc_vector qf=text"
            + " v=cell}",
        "q={!bool must=$a should=$b}&a={!llm2vecHybrid f=doc_vector qf=text v=$qq}"
            + "&b={!llm2vecHybrid f=doc_vector qf=text v=cell}",
        "q={!boost b=query($a) v=$b}&a={!llm2vecHybrid f=doc_vector qf=text v=$qq}"
            + "&b={!llm2vecHybrid f=doc_vector qf=text v=cell}",
        "q=gene&sort=query($a) desc,id asc&fl=id"
            + "&a={!llm2vecHybrid f=doc_vector qf=text v=$qq}",
        "q=text:gene&rq={!rerank reRankQuery=$a reRankDocs=400 reRankWeight=3}"
            + "&a={!llm2vecHybrid f=doc_vector qf=text v=$qq}",
        "q={!parent which=$documents score=max v=$p}&p={!llm2vec f=passage_vector minReturn=0.6"
            + " v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text v=$qq}&fq=type_s:document&fl=id&sort=number_i asc",
        "q={!llm2vecHybrid f=doc_vector qf=text fusion=minmax wordWeight=2 v=$qq}",
        "q={!llm2vecHybrid f=doc_vector qf=text preFilter=category_i:1 v=$qq}&fq=number_i:[0 TO"
            + " 500]",
        "q=gene AND {!llm2vec f=doc_vector minReturn=0.5 v=$qq}",
        "q=gene AND _query_:\"{!llm2vecHybrid f=doc_vector qf=text v=$qq}\"",
        "q=type_s:document&fq={!llm2vecHybrid f=doc_vector words=$w v=$qq}&w={!edismax v='gene cell"
            + " blood heart' qf=text bf=$bump}",
      })
  void clausesOfAllKindsAnswerAlike(String request) throws Exception {
    assertSameOnAllTopologies(params(request));
  }

  /** What shards alone parse: the same numbers from one core and from shards. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          facet=true&facet.query=$H                            | /facet_counts/facet_queries
          facet=true&facet.query={!bool must=$h filter=category_i:1} | /facet_counts/facet_queries
          facet=true&facet.query=$H&fq={!tag=t}category_i:1    | /facet_counts/facet_queries
          facet=true&facet.query={!llm2vecHybrid key=n ex=t f=doc_vector qf=text v=$qq}&fq={!tag=t}category_i:1 | /facet_counts/facet_queries
          json.facet={a:{type:query,q:'$H'}}                   | /facets
          json.facet={a:{type:terms,field:category_i,domain:{filter:'$H'}}} | /facets
          json.facet={a:{type:terms,field:category_i,domain:{query:{param:h}}}} | /facets
          group=true&group.query=$H&group.limit=400&sort=number_i asc&fl=id | /grouped
          group=true&group.query=$H&group.query=category_i:1&group.limit=400&sort=number_i asc&fl=id | /grouped
          fq={!collapse field=group_s sort='number_i asc'}&expand=true&expand.q=$H&expand.rows=400&fl=id&expand.sort=number_i asc&sort=number_i asc | /expanded
          fq={!collapse field=group_s sort='number_i asc'}&expand=true&expand.q=*:*&expand.fq=$H&expand.rows=400&fl=id&expand.sort=number_i asc&sort=number_i asc | /expanded
          stats=true&stats.field={!func}query($h,0)            | /stats/stats_fields/query($h,0)/max
          """)
  void clausesThatShardsParseCountAlike(String request, String place) throws Exception {
    String hybrid = "{!llm2vecHybrid f=doc_vector efSearch=400 qf=text depth=30 v=$qq}";
    Map<String, Object> params = params("q=type_s:document&" + request.replace("$H", hybrid));
    params.put("h", hybrid);
    JsonNode one = get(Topology.ONE_CORE, params).at(place);
    assertFalse(one.isMissingNode() || (one.isEmpty() && !one.isNumber()), one.toString());
    for (Topology topology : List.of(Topology.SHARDS, Topology.CLOUD)) {
      assertEquals(
          withoutScores(one), withoutScores(get(topology, params).at(place)), topology.name());
    }
  }

  private static JsonNode withoutScores(JsonNode node) throws Exception {
    return JSON.readTree(node.toString().replaceAll(",\"(maxScore|numFoundExact)\":[^,}]+", ""));
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
      Map<String, Object> params = params("hl=true&hl.fl=text&fq=category_i:[0 TO 9]");
      params.put("q", query);
      params.put("n", "{!llm2vec f=doc_vector topK=400 v=$qq}");
      params.put("h", "{!llm2vecHybrid f=doc_vector qf=text v=$qq}");
      params.put("hl.method", method);
      if (query.contains("childrenOf")) {
        params.remove("fq");
      }
      for (Topology topology : Topology.values()) {
        JsonNode response = get(topology, params);
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
      Map<String, Object> params = params("qf=text");
      params.put("q", query);
      HttpResponse<String> response = cluster.select(topology, params);
      assertEquals(400, response.statusCode(), topology + " " + response.body());
      assertTrue(response.body().contains(message), response.body());
    }
    HttpResponse<String> wrongCase =
        cluster.select(Topology.ONE_CORE, params("defType=llm2vec&q=gene&f=doc_vector&TopK=5"));
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
      assertTrue(!get(topology, params(request)).at("/response/docs").isEmpty());
    }
  }

  @Test
  void tagsChooseTheFiltersOfAHybrid() throws Exception {
    String hybrid =
        "q={!llm2vecHybrid f=doc_vector efSearch=400 depth=40 %s v=$qq}"
            + "&fq={!tag=a}category_i:1&fq={!tag=b}number_i:[0 TO 800]";
    for (String tags :
        List.of("excludeTags=a", "includeTags=b", "excludeTags=a,b", "includeTags=''")) {
      Map<String, Object> params = params(hybrid.formatted(tags));
      params.put("fq", List.of("{!tag=a}category_i:1", "{!tag=b}number_i:[0 TO 800]"));
      params.put("qf", "text");
      assertSameOnAllTopologies(params);
      int chosen = hits(Topology.ONE_CORE, params).size();
      params.put("q", params.get("q").toString().replace(tags, ""));
      assertTrue(chosen < hits(Topology.ONE_CORE, params).size(), tags);
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
      Map<String, Object> params = params("q={!" + query + " v=$qq}&fl=id,text,score&rows=10");
      params.put("qq", "gene ".repeat(900));
      get(Topology.CLOUD, params);
      List<String> ofShards = lines.stream().filter(line -> !line.contains("params=")).toList();
      assertEquals(1, lines.size() - ofShards.size(), lines.toString());
      assertTrue(ofShards.size() >= 4, lines.toString());
      int length = ofShards.stream().mapToInt(String::length).sum();
      assertTrue(length < 500, length + " " + ofShards);
      System.out.println(query + ": " + ofShards.size() + " lines of shards, " + length + " bytes");
      lines.clear();
      params.put("logParamsList", "rows,llm2vec.vector.x");
      get(Topology.CLOUD, params);
      // The node that took the request logs what stood in its URL, which was nothing.
      assertEquals(
          lines.size() - 1,
          lines.stream().filter(line -> line.contains("params={rows=10}")).count(),
          lines.toString());
    } finally {
      log.removeAppender(appender);
    }
  }

  /** Exact similarity of all that the words find. */
  @Test
  void similarityOfLexicalHits() throws Exception {
    Map<String, Object> params =
        params(
            "q=text:gene&sort=query($near) desc&near={!llm2vec f=doc_vector topK=1000 preFilter=$q"
                + " v=$qq}");
    params.put("fl", "id,near:query($near)");
    float[] target = cluster.vector("gene cell growth");
    for (Topology topology : Topology.values()) {
      List<Hit> hits = hits(topology, params);
      assertTrue(hits.size() > 10);
      double before = 1;
      for (Hit hit : hits) {
        float[] vector =
            cluster.all().stream()
                .filter(document -> document.id().equals(hit.id()))
                .findFirst()
                .orElseThrow()
                .vector();
        float expected = VectorSimilarityFunction.DOT_PRODUCT.compare(target, vector);
        assertEquals(expected, hit.score(), 1e-5);
        assertTrue(hit.score() <= before);
        before = hit.score();
      }
    }
  }

  private Map<String, Object> params(String request) {
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

  private void assertSameOnAllTopologies(Map<String, Object> request) throws Exception {
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

  private List<Hit> hits(Topology topology, Map<String, Object> params) throws Exception {
    JsonNode response = get(topology, params);
    String field = "id,near:query($near)".equals(params.get("fl")) ? "near" : "score";
    List<Hit> hits = new ArrayList<>();
    for (JsonNode document : response.at("/response/docs")) {
      hits.add(new Hit(document.get("id").asText(), (float) document.path(field).asDouble()));
    }
    return hits;
  }

  private JsonNode get(Topology topology, Map<String, Object> params) throws Exception {
    HttpResponse<String> response = cluster.select(topology, params);
    assertEquals(
        200,
        response.statusCode(),
        () -> topology + " " + Arrays.toString(response.body().split("\n", 30)));
    return JSON.readTree(response.body());
  }
}
