/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.impl.ConcurrentUpdateHttp2SolrClient;
import org.apache.solr.client.solrj.impl.Http2SolrClient;
import org.apache.solr.common.SolrInputDocument;

/** What tests need that differs between Solr's releases: here Solr 9. */
final class TestRelease {

  private TestRelease() {}

  /** SolrJ's own client. */
  static SolrClient client(String url) {
    return new Http2SolrClient.Builder(url).build();
  }

  /** Sends documents with SolrJ's client that streams them, and waits for the end. */
  static void stream(String url, String core, List<SolrInputDocument> documents) throws Exception {
    try (Http2SolrClient http = new Http2SolrClient.Builder().build();
        ConcurrentUpdateHttp2SolrClient client =
            new ConcurrentUpdateHttp2SolrClient.Builder(url, http)
                .withDefaultCollection(core)
                .withThreadCount(1)
                .withQueueSize(100)
                .build()) {
      for (SolrInputDocument document : documents) {
        client.add(document);
      }
      client.blockUntilFinished();
    }
  }

  /** The vectors of a segment, by document. */
  static Map<Integer, float[]> vectors(LeafReader segment, String field) throws IOException {
    Map<Integer, float[]> vectors = new TreeMap<>();
    FloatVectorValues values = segment.getFloatVectorValues(field);
    while (values != null && values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
      vectors.put(values.docID(), values.vectorValue().clone());
    }
    return vectors;
  }

  /** What the metrics of a node say of a model, by names in small letters. */
  static Map<String, Double> metrics(SolrNode node, String model) throws Exception {
    Map<String, Double> figures = new TreeMap<>();
    String prefix = "LLM2VEC." + model + ".";
    new ObjectMapper()
        .readTree(node.get("/admin/metrics?group=node&prefix=LLM2VEC&wt=json").body())
        .at("/metrics/solr.node")
        .properties()
        .forEach(
            figure -> {
              assertTrue(figure.getKey().startsWith(prefix), figure.getKey());
              String name = figure.getKey().substring(prefix.length()).toLowerCase(Locale.ROOT);
              figures.put(name, figure.getValue().asDouble());
            });
    return figures;
  }
}
