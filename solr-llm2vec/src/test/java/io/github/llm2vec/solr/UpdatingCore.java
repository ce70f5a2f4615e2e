/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.solr.schema.CoreIdentities;
import io.github.llm2vec.solr.schema.IndexIdentities;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.util.Bits;
import org.apache.solr.core.SolrCore;
import org.apache.solr.update.UpdateLog;
import org.apache.solr.util.TestInjection;

/** A core whose updates are looked at: what it answers, and which vectors its index really has. */
final class UpdatingCore {

  /** The configset of these tests. */
  static final Path CONFIGSET = Path.of("src", "test", "resources", "updating", "conf");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SolrNode node;
  private final String name;

  private UpdatingCore(SolrNode node, String name) {
    this.node = node;
    this.name = name;
  }

  static UpdatingCore create(
      SolrNode node, String name, Map<String, String> properties, Map<String, String> changes)
      throws IOException {
    node.createCore(name, CONFIGSET, properties, changes);
    return new UpdatingCore(node, name);
  }

  /** Sends an update that must be accepted, with a commit, and gives the response header. */
  JsonNode accept(String json) throws Exception {
    HttpResponse<String> response = node.update(name, "commit=true", json);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).get("responseHeader");
  }

  /** Sends an update that is not visible yet. */
  JsonNode acceptUncommitted(String json) throws Exception {
    HttpResponse<String> response = node.update(name, "", json);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).get("responseHeader");
  }

  /** Sends an update that must be refused for a reason. */
  void refuse(int status, String json, String reason) throws Exception {
    HttpResponse<String> response = node.update(name, "commit=true", json);
    assertEquals(status, response.statusCode(), response.body());
    assertTrue(response.body().contains(reason), response.body());
  }

  void commit() throws Exception {
    accept("{\"commit\":{}}");
  }

  /** The documents that a query finds. */
  JsonNode find(String query, String fields) throws Exception {
    return node.select(name, Map.of("q", query, "fl", fields, "rows", "1000", "sort", "id asc"))
        .at("/response/docs");
  }

  JsonNode document(String id) throws Exception {
    return find("id:\"" + id + "\"", "*").get(0);
  }

  /** The indexed vectors of all live documents, by id. */
  Map<String, float[]> vectors(String field) throws IOException {
    try (SolrCore core = node.container().getCore(name)) {
      return vectors(core, field);
    }
  }

  /** The indexed vectors of all live documents of any core, by id. */
  static Map<String, float[]> vectors(SolrCore core, String field) throws IOException {
    return core.withSearcher(
        searcher -> {
          Map<String, float[]> vectors = new TreeMap<>();
          for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            Bits live = leaf.reader().getLiveDocs();
            for (Map.Entry<Integer, float[]> vector :
                TestRelease.vectors(leaf.reader(), field).entrySet()) {
              int document = vector.getKey();
              if (live == null || live.get(document)) {
                String id = leaf.reader().storedFields().document(document).get("id");
                vectors.put(id, vector.getValue());
              }
            }
          }
          return vectors;
        });
  }

  /** Changes the text of solrconfig.xml and reloads the core. */
  void reconfigure(String from, String to) throws IOException {
    Path config = node.home().resolve(name).resolve("conf").resolve("solrconfig.xml");
    String text = Files.readString(config);
    assertTrue(text.contains(from), from);
    Files.writeString(config, text.replace(from, to));
    node.container().reload(name);
  }

  /** What made the vectors of a field that its index holds now. */
  IndexIdentities identities(String field) throws IOException {
    try (SolrCore core = node.container().getCore(name)) {
      return core.withSearcher(
          searcher -> IndexIdentities.of(searcher.getIndexReader(), core.getLatestSchema(), field));
    }
  }

  /** Checks a query vector as a query does. */
  void requireComparable(String field, String model, String fingerprint, int dimensions)
      throws IOException {
    try (SolrCore core = node.container().getCore(name)) {
      core.withSearcher(
          searcher -> {
            CoreIdentities.of(core)
                .requireComparable(
                    core,
                    searcher.getIndexReader(),
                    field,
                    new CoreIdentities.QueryIdentity(model, fingerprint, "", "", "there"),
                    dimensions);
            return null;
          });
    }
  }

  /** Closes the core as a crash would, without a commit, opens it again and awaits the replay. */
  void crash() throws Exception {
    TestInjection.skipIndexWriterCommitOnClose = true;
    CountDownLatch replayed = new CountDownLatch(1);
    UpdateLog.testing_logReplayFinishHook = replayed::countDown;
    try {
      node.container().unload(name);
      TestInjection.skipIndexWriterCommitOnClose = false;
      Path instance = node.home().resolve(name);
      node.container().create(name, instance, Map.of(), false);
      assertTrue(replayed.await(1, TimeUnit.MINUTES), "the log was replayed");
    } finally {
      TestInjection.skipIndexWriterCommitOnClose = false;
      UpdateLog.testing_logReplayFinishHook = null;
    }
    commit();
  }
}
