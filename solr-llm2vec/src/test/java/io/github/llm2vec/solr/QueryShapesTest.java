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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
    requests.assertSameOnAllTopologies(params);
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
    List<Hit> expanded = SearchHits.sorted(requests.hits(Topology.ONE_CORE, params));
    params.put("qq", "${c} gene");
    assertFalse(expanded.equals(SearchHits.sorted(requests.hits(Topology.ONE_CORE, params))));
    params.put("qq", "${a}${b} gene");
    cluster.encoded();
    if (parser.equals("llm2vecHybrid")) {
      requests.assertSameOnAllTopologies(params);
    }
    for (Topology topology : Topology.values()) {
      requests.get(topology, params);
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
      HttpResponse<String> response = cluster.select(topology, requests.params(request));
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
    requests.assertSameOnAllTopologies(requests.params(request));
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
    Map<String, Object> params =
        requests.params("q=type_s:document&" + request.replace("$H", hybrid));
    params.put("h", hybrid);
    JsonNode one = requests.get(Topology.ONE_CORE, params).at(place);
    assertFalse(one.isMissingNode() || (one.isEmpty() && !one.isNumber()), one.toString());
    for (Topology topology : List.of(Topology.SHARDS, Topology.CLOUD)) {
      assertEquals(
          withoutScores(one),
          withoutScores(requests.get(topology, params).at(place)),
          topology.name());
    }
  }

  private static JsonNode withoutScores(JsonNode node) throws Exception {
    return JSON.readTree(node.toString().replaceAll(",\"(maxScore|numFoundExact)\":[^,}]+", ""));
  }

  /** Exact similarity of all that the words find. */
  @Test
  void similarityOfLexicalHits() throws Exception {
    Map<String, Object> params =
        requests.params(
            "q=text:gene&sort=query($near) desc&near={!llm2vec f=doc_vector topK=1000 preFilter=$q"
                + " v=$qq}");
    params.put("fl", "id,near:query($near)");
    float[] target = cluster.vector("gene cell growth");
    for (Topology topology : Topology.values()) {
      List<Hit> hits = requests.hits(topology, params);
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

  /** A subquery takes its text from a row and is sent to the whole collection. */
  @ParameterizedTest
  @ValueSource(strings = {"llm2vec topK=40", "llm2vecHybrid wordWeight=0 depth=40"})
  void subqueriesAreSearchesOfTheirOwn(String parser) throws Exception {
    Map<String, Object> params =
        requests.params("q=category_i:1&fl=id,text,near:[subquery]&near.fl=id,score&near.rows=5");
    params.put("rows", 7);
    params.put("near.q", "{!" + parser + " f=doc_vector efSearch=400 qf=text v=$row.text}");
    if (!parser.contains("Hybrid")) {
      params.put("near.q", params.get("near.q").toString().replace(" qf=text", ""));
    }
    for (Topology topology : Topology.values()) {
      if (topology != Topology.ONE_CORE) {
        params.put("near.collection", MatrixCluster.PARTS);
      }
      JsonNode rows = requests.get(topology, params).at("/response/docs");
      assertEquals(7, rows.size(), topology.name());
      for (JsonNode row : rows) {
        List<String> near = new ArrayList<>();
        row.at("/near/docs").forEach(hit -> near.add(hit.get("id").asText()));
        assertEquals(nearest(row.get("text").asText(), 5), near, topology + " " + row);
      }
    }
  }

  private List<String> nearest(String text, int count) {
    float[] target = cluster.vector(text);
    return cluster.all().stream()
        .filter(document -> !document.isPassage())
        .sorted(
            Comparator.comparingDouble(
                one -> -VectorSimilarityFunction.DOT_PRODUCT.compare(target, one.vector())))
        .limit(count)
        .map(MatrixCluster.Document::id)
        .toList();
  }
}
