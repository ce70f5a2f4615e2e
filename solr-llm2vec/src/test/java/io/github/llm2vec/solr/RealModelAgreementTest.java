/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.node.Reload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.solr.SolrTestCaseJ4.SuppressSSL;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrQuery;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.client.solrj.request.UpdateRequest;
import org.apache.solr.cloud.SolrCloudTestCase;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.SolrCore;
import org.apache.solr.embedded.JettySolrRunner;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * Two nodes with one checkpoint and models files that differ in one line: what decides about
 * vectors keeps them apart, and what does not does not.
 */
@SuppressSSL(bugUrl = "the test is about models")
public class RealModelAgreementTest extends SolrCloudTestCase {

  private static final Path MINI =
      Path.of("../llm2vec-mini/src/main/resources/io/github/llm2vec/mini/checkpoint");
  private static final String PLAIN = "{\"models\": {\"default\": {\"model\": \"mini\"}}}";

  @BeforeClass
  public static void startCluster() throws Exception {
    configureCluster(2).addConfig("basic", SolrNode.BASIC).configure();
    for (JettySolrRunner node : cluster.getJettySolrRunners()) {
      Files.writeString(models(node), PLAIN);
    }
    create("first");
    cluster.deleteAllCollections();
  }

  private static Path models(JettySolrRunner node) {
    return Path.of(node.getSolrHome()).resolve(ModelsFile.NAME);
  }

  private static void create(String collection) throws Exception {
    CollectionAdminRequest.createCollection(collection, "basic", 2, 2)
        .setProperties(Map.of("llm2vec.dims", "512"))
        .process(cluster.getSolrClient());
    cluster.waitForActiveCollection(collection, 2, 4);
  }

  /** The line, and whether queries of the node that has it are refused, too. */
  private record Difference(String setting, boolean queriesDiffer) {}

  @Test
  public void nodesWhoseModelsFilesDifferDoNotWriteIntoOneCollection() throws Exception {
    List<Difference> differences =
        List.of(
            new Difference("\"pooling\": \"last_token\"", true),
            new Difference("\"max_length\": 64", true),
            new Difference("\"template\": \"llama2\"", true),
            new Difference("\"document_instruction\": \"A paper:\"", false),
            new Difference("\"dtype\": \"bfloat16\"", false),
            new Difference("\"model\": \"" + otherTokenizer() + "\"", true));
    for (Difference difference : differences) {
      String other =
          difference.setting().startsWith("\"model\"")
              ? PLAIN.replace("\"model\": \"mini\"", difference.setting())
              : PLAIN.replace("\"mini\"", "\"mini\", " + difference.setting());
      List<Boolean> orders =
          Boolean.getBoolean("llm2vec.long")
              ? List.of(false, true)
              : List.of(differences.indexOf(difference) % 2 == 0);
      for (boolean otherFirst : orders) {
        String collection = "c" + differences.indexOf(difference) + otherFirst;
        create(collection);
        reload(collection, other);
        int first = otherFirst ? 1 : 0;
        update(first, collection, "1");
        SolrException update =
            assertThrows(
                difference.toString(),
                SolrException.class,
                () -> update(1 - first, collection, "2"));
        assertEquals(update.getMessage(), 409, update.code());
        update(first, collection, "3");
        cluster.getSolrClient().commit(collection);
        assertEquals(2, query(first, collection));
        if (difference.queriesDiffer()) {
          SolrException query =
              assertThrows(SolrException.class, () -> query(1 - first, collection));
          assertEquals(query.getMessage(), 409, query.code());
        } else {
          assertEquals(2, query(1 - first, collection));
        }
        reload(collection, PLAIN);
        CollectionAdminRequest.deleteCollection(collection).process(cluster.getSolrClient());
      }
    }
  }

  /**
   * The model {@code mini} with the same weights and a tokenizer that cuts words into smaller
   * pieces.
   */
  private static Path otherTokenizer() throws Exception {
    // Not one of the files of the framework, which cannot be copied to.
    Path folder = Path.of(createTempDir().resolve("mini").toString());
    SolrNode.copy(MINI, folder);
    Path tokenizer = folder.resolve("tokenizer.json");
    ObjectMapper json = new ObjectMapper();
    ObjectNode tree = (ObjectNode) json.readTree(tokenizer.toFile());
    ArrayNode merges = (ArrayNode) tree.at("/model/merges");
    while (merges.size() > 100) {
      merges.remove(merges.size() - 1);
    }
    json.writeValue(tokenizer.toFile(), tree);
    return folder;
  }

  /** Gives the second node another models file. */
  private static void reload(String collection, String models) throws Exception {
    JettySolrRunner node = cluster.getJettySolrRunner(1);
    Files.writeString(models(node), models);
    String name =
        node.getCoreContainer().getLoadedCoreNames().stream()
            .filter(core -> core.startsWith(collection))
            .findFirst()
            .orElseThrow();
    try (SolrCore core = node.getCoreContainer().getCore(name)) {
      EncoderRegistry registry = EncoderRegistry.of(core);
      registry.acquire(core, "default").awaitReady(Duration.ofMinutes(1));
      int reload = registry.reload("default").number();
      Reload.State state = Reload.State.RUNNING;
      while (state == Reload.State.RUNNING) {
        Reload last = registry.status().get(0).reload().orElseThrow();
        assertEquals(reload, last.number());
        state = last.state();
        Thread.onSpinWait();
      }
      assertEquals(registry.status().get(0).failure(), Reload.State.DONE, state);
    }
  }

  private static void update(int node, String collection, String id) throws Exception {
    try (SolrClient client = cluster.getJettySolrRunner(node).newClient()) {
      new UpdateRequest().add("id", id, "title", "a", "text", "b").process(client, collection);
    }
  }

  private static long query(int node, String collection) throws Exception {
    SolrQuery query = new SolrQuery("q", "{!llm2vec f=vector topK=5 v=$qq}", "qq", "words");
    try (SolrClient client = cluster.getJettySolrRunner(node).newClient()) {
      return client.query(collection, query).getResults().getNumFound();
    }
  }
}
