/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.impl.ConcurrentUpdateBaseSolrClient;
import org.apache.solr.client.solrj.jetty.ConcurrentUpdateJettySolrClient;
import org.apache.solr.client.solrj.jetty.HttpJettySolrClient;
import org.apache.solr.common.SolrInputDocument;

/** What tests need that differs between Solr's releases: here Solr 10. */
final class TestRelease {

  private TestRelease() {}

  /** SolrJ's own client. */
  static SolrClient client(String url) {
    return new HttpJettySolrClient.Builder(url).build();
  }

  /** Sends documents with SolrJ's client that streams them, and waits for the end. */
  static void stream(String url, String core, List<SolrInputDocument> documents) throws Exception {
    try (HttpJettySolrClient http = new HttpJettySolrClient.Builder().build();
        ConcurrentUpdateBaseSolrClient client =
            new ConcurrentUpdateJettySolrClient.Builder(url, http)
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
    if (values != null) {
      KnnVectorValues.DocIndexIterator documents = values.iterator();
      while (documents.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
        vectors.put(documents.docID(), values.vectorValue(documents.index()).clone());
      }
    }
    return vectors;
  }

  /** What the metrics of a node say of a model, by names in small letters. */
  static Map<String, Double> metrics(SolrNode node, String model) throws Exception {
    Pattern line =
        Pattern.compile(
            "(?m)^solr_llm2vec_(\\w+?)(?:_total)?\\{.*\\bmodel=\"" + model + "\".*\\} (\\S+)$");
    Map<String, Double> figures = new TreeMap<>();
    Matcher lines = line.matcher(node.get("/admin/metrics").body());
    while (lines.find()) {
      figures.put(lines.group(1).replace("_", ""), Double.valueOf(lines.group(2)));
    }
    return figures;
  }
}
