/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.common.SolrInputDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Collections whose documents are not where their ids alone would bring them. */
class ReembedRoutedTest {

  private static final String GROUP = "group_s";

  @TempDir private static Path folder;
  private static ReembedCluster solr;

  @BeforeAll
  static void start() throws Exception {
    solr = new ReembedCluster(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    solr.close();
  }

  /** Twenty documents in two groups, with vectors of the old model alone. */
  private static Map<String, String> documents(String name) throws Exception {
    Map<String, String> texts = new TreeMap<>();
    List<SolrInputDocument> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      SolrInputDocument document = ReembedCluster.document("d" + i, "title", "number " + i);
      document.setField(GROUP, i % 3 == 0 ? "one" : "two");
      all.add(document);
      texts.put("d" + i, "title number " + i);
    }
    solr.add(1, name, all);
    return texts;
  }

  private static void prepare(String name) throws Exception {
    assertEquals(1, solr.reembed(name, "--model", "new", "--dimensions", "8"), solr.runner.err());
    solr.map(name, Map.of());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void documentsGetTheirVectorsWhereAFieldHasBroughtThem(boolean implicit) throws Exception {
    String name = implicit ? "implicit" : "hashed";
    solr.upload(name, Map.of());
    CollectionAdminRequest.Create create =
        implicit
            ? CollectionAdminRequest.createCollectionWithImplicitRouter(name, name, "one,two", 2)
            : CollectionAdminRequest.createCollection(name, name, 2, 2);
    create
        .setRouterField(GROUP)
        .withProperty("llm2vec.dims", "16")
        .process(solr.cluster.getSolrClient());
    solr.cluster.waitForActiveCollection(name, 2, 4);
    Map<String, String> texts = documents(name);
    prepare(name);
    assertEquals(0, solr.reembed(name), solr.runner.err() + solr.runner.out());
    solr.assertVectors(name, texts);
  }

  @Test
  void aCollectionWhoseClientsNameTheShardIsRefused() throws Exception {
    solr.upload("named", Map.of());
    CollectionAdminRequest.createCollectionWithImplicitRouter("named", "named", "one,two", 1)
        .withProperty("llm2vec.dims", "16")
        .process(solr.cluster.getSolrClient());
    solr.cluster.waitForActiveCollection("named", 2, 2);
    prepare("named");
    assertEquals(1, solr.reembed("named"));
    assertTrue(
        solr.runner.err().contains("has the implicit router without a router.field"),
        solr.runner.err());
  }
}
