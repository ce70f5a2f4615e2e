/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.lucene.IndexingOptions;
import io.github.llm2vec.lucene.Llm2VecCodec;
import io.github.llm2vec.lucene.Llm2VecIndexer;
import io.github.llm2vec.lucene.Llm2VecQueries;
import io.github.llm2vec.lucene.SourceDocument;
import io.github.llm2vec.lucene.TextVectorField;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.serving.EncoderService;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest.METHOD;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrDocumentList;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.MapSolrParams;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real texts through a real server over HTTP in every format, compared with Lucene's own similarity
 * over all vectors.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealCollectionTest {

  private static final int DIMENSIONS = 96;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FakeBatchModel encoder = new FakeBatchModel(DIMENSIONS);

  private SolrNode node;
  private String core;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  @BeforeEach
  void createCore(TestInfo test) throws Exception {
    core = test.getTestMethod().orElseThrow().getName();
    node.createCore(core, Map.of("llm2vec.dims", "" + DIMENSIONS));
    encoder.forget();
  }

  @Test
  void jsonGivesWhatLuceneGives() throws Exception {
    assertAccepted(
        node.post(
            "/" + core + "/update?commit=true",
            "application/json",
            JSON.writeValueAsString(SciFact.documents())));
    assertEveryTextEncodedOnce();
    assertSameAsLucene();
  }

  @Test
  void xmlGivesWhatLuceneGives() throws Exception {
    StringBuilder xml = new StringBuilder("<add>");
    for (SciFact.Abstract document : SciFact.documents()) {
      xml.append("<doc><field name='id'>").append(document.id());
      xml.append("</field><field name='title'>").append(escape(document.title()));
      xml.append("</field><field name='text'>").append(escape(document.text()));
      xml.append("</field></doc>");
    }
    assertAccepted(node.post("/" + core + "/update?commit=true", "text/xml", xml + "</add>"));
    assertEveryTextEncodedOnce();
    assertSameAsLucene();
  }

  @Test
  void csvGivesWhatLuceneGives() throws Exception {
    StringBuilder csv = new StringBuilder("id,title,text\n");
    for (SciFact.Abstract document : SciFact.documents()) {
      csv.append(document.id()).append(',').append(quote(document.title()));
      csv.append(',').append(quote(document.text())).append('\n');
    }
    assertAccepted(
        node.post(
            "/" + core + "/update?commit=true", "application/csv; charset=utf-8", csv.toString()));
    assertEveryTextEncodedOnce();
    assertSameAsLucene();
  }

  @Test
  void javabinFromSolrJGivesWhatLuceneGives() throws Exception {
    try (SolrClient client = TestRelease.client(node.url())) {
      List<SolrInputDocument> documents = new ArrayList<>();
      for (SciFact.Abstract document : SciFact.documents()) {
        documents.add(
            new SolrInputDocument(
                "id", document.id(), "title", document.title(), "text", document.text()));
      }
      client.add(core, documents);
      client.commit(core);
      assertEveryTextEncodedOnce();
      for (String query : SciFact.queries()) {
        SolrDocumentList found =
            client
                .query(
                    core,
                    new MapSolrParams(
                        Map.of("q", "{!llm2vec f=vector topK=100 v=$qq}", "qq", query)),
                    METHOD.POST)
                .getResults();
        assertHits(query, found.stream().map(RealCollectionTest::hit).toList());
      }
    }
  }

  /** The whole sample and all its queries: SolrJ over HTTP against the library with no Solr. */
  @Test
  void wholeSampleGivesWhatTheLibraryGivesAlone() throws Exception {
    List<SciFact.Abstract> papers = SciFact.documents(1000);
    List<SourceDocument> sources = new ArrayList<>();
    List<SolrInputDocument> documents = new ArrayList<>();
    for (SciFact.Abstract paper : papers) {
      sources.add(new SourceDocument(paper.id(), paper.title(), paper.text()));
      documents.add(
          new SolrInputDocument("id", paper.id(), "title", paper.title(), "text", paper.text()));
    }
    IndexWriterConfig config =
        Llm2VecCodec.writerConfig(new StandardAnalyzer(), VectorFormatOptions.DEFAULTS);
    try (SolrClient client = TestRelease.client(node.url());
        Directory directory = new ByteBuffersDirectory();
        IndexWriter writer = new IndexWriter(directory, config);
        EncoderService alone = encoder.service()) {
      TextVectorField field = TextVectorField.normalized("vector", alone);
      client.add(core, documents);
      client.commit(core);
      Llm2VecIndexer.ofDocuments(writer, field, IndexingOptions.DEFAULTS).index(sources.iterator());
      try (DirectoryReader reader = DirectoryReader.open(writer)) {
        IndexSearcher library = new IndexSearcher(reader);
        for (String query : SciFact.queries(100)) {
          ScoreDoc[] expected =
              library.search(Llm2VecQueries.exact(field, query, 10), 10).scoreDocs;
          SolrDocumentList found =
              client
                  .query(
                      core,
                      new MapSolrParams(
                          Map.of(
                              "q", "{!llm2vec f=vector topK=10 efSearch=1000 v=$qq}", "qq", query)),
                      METHOD.POST)
                  .getResults();
          assertEquals(10, found.size());
          for (int i = 0; i < 10; i++) {
            Hit hit = hit(found.get(i));
            assertEquals(expected[i].score, hit.score(), 1e-5, query + ", rank " + i);
            assertEquals(
                library.storedFields().document(expected[i].doc).get("id"), hit.id(), query);
          }
        }
      }
    }
  }

  private record Hit(String id, double score) {}

  private static Hit hit(SolrDocument document) {
    return new Hit(
        (String) document.getFieldValue("id"),
        ((Number) document.getFieldValue("score")).doubleValue());
  }

  private void assertEveryTextEncodedOnce() throws Exception {
    assertEquals(
        SciFact.documents().stream().map(SciFact.Abstract::source).toList(), encoder.texts());
  }

  private void assertSameAsLucene() throws Exception {
    for (String query : SciFact.queries()) {
      HttpResponse<String> response =
          node.post(
              "/" + core + "/select",
              "application/json",
              JSON.writeValueAsString(
                  Map.of(
                      "query",
                      "{!llm2vec f=vector topK=100 v=$qq}",
                      "params",
                      Map.of("qq", query))));
      assertAccepted(response);
      List<Hit> hits = new ArrayList<>();
      for (JsonNode document : JSON.readTree(response.body()).at("/response/docs")) {
        hits.add(new Hit(document.get("id").asText(), document.get("score").asDouble()));
      }
      assertHits(query, hits);
    }
  }

  private void assertHits(String query, List<Hit> hits) throws Exception {
    float[] target = encoder.vector(" " + query);
    List<Hit> expected =
        SciFact.documents().stream()
            .map(
                document ->
                    new Hit(
                        document.id(),
                        VectorSimilarityFunction.DOT_PRODUCT.compare(
                            target, encoder.vector(" " + document.source()))))
            .sorted(Comparator.comparingDouble(Hit::score).reversed())
            .limit(10)
            .toList();
    assertEquals(10, hits.size());
    for (int i = 0; i < 10; i++) {
      assertEquals(expected.get(i).score(), hits.get(i).score(), 1e-5, query + ", rank " + i);
    }
    assertEquals(
        expected.stream().map(Hit::id).toList(), hits.stream().map(Hit::id).toList(), query);
  }

  private static void assertAccepted(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }

  private static String quote(String text) {
    return '"' + text.replace("\"", "\"\"") + '"';
  }
}
