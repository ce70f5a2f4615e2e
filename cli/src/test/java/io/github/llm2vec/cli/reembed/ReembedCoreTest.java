/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.cli.solr.LocalPages;
import io.github.llm2vec.cli.solr.LocalSolr;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.impl.HttpJdkSolrClient;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.TimeSource;
import org.apache.solr.util.TimeOut;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A core of a node without SolrCloud, whose schema cannot be changed over HTTP. */
class ReembedCoreTest {

  private static final Path BASIC = Path.of("..", "solr-config-examples", "basic", "conf");
  private static final int DOCUMENTS = 12;

  @TempDir private Path home;

  private final HashedModel old = new HashedModel(16, 1);
  private final HashedModel fresh = new HashedModel(8, 2);
  private final CommandRunner runner = new CommandRunner(options -> new HashEncoder(4));

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void coreGetsVectorsAndIsNotSwitched(boolean byHandler) throws Exception {
    try (LocalSolr solr = LocalSolr.start(home, 0, LocalPages.NONE)) {
      ModelsFile models =
          new ModelsFile(
              home.resolve(ModelsFile.NAME),
              Map.of(
                  "default", ModelDeclaration.of("default", "hashed"),
                  "new", ModelDeclaration.of("new", "hashed")),
              1 << 20);
      EncoderRegistry.install(
          solr.container(),
          new EncoderRegistry(
              models,
              declaration -> (declaration.name().equals("new") ? fresh : old).service(),
              Runnable::run));
      solr.createCollection("papers", BASIC.getParent(), Map.of("llm2vec.dims", "16"));
      try (SolrClient client = new HttpJdkSolrClient.Builder(solr.url()).useHttp1_1(true).build()) {
        List<SolrInputDocument> documents = new ArrayList<>();
        for (int i = 0; i < DOCUMENTS; i++) {
          documents.add(ReembedCluster.document("d" + i, "title", "number " + i));
        }
        client.add("papers", documents);
        client.commit("papers");

        assertEquals(1, reembed(solr, "--model", "new", "--dimensions", "8"));
        assertTrue(
            runner
                .err()
                .contains(
                    "<field name=\"vector2\" type=\"vector_8\" indexed=\"true\" stored=\"false\"/>"),
            runner.err());
        change(solr);
        if (byHandler) {
          assertEquals("NONE", handler(client, "reembed_status").get("state"));
          handler(client, "reembed");
          new TimeOut(2, TimeUnit.MINUTES, TimeSource.NANO_TIME)
              .waitFor(
                  "the job ends",
                  () -> "DONE".equals(handler(client, "reembed_status").get("state")));
          assertEquals((long) DOCUMENTS, handler(client, "reembed_status").get("documents"));
        }
        assertEquals(0, reembed(solr, "--model", "new"), runner.err() + runner.out());
        assertTrue(runner.out().startsWith("Every document with a text has its vectors"));
        for (int i = 0; i < DOCUMENTS; i++) {
          ModifiableSolrParams query = nearest(fresh.vector("title number " + i));
          SolrDocument best =
              client.query("papers", query, SolrRequest.METHOD.POST).getResults().get(0);
          assertEquals("d" + i, best.getFieldValue("id"));
          assertEquals(1, ((Number) best.getFieldValue("score")).doubleValue(), 1e-6);
        }
        assertEquals(0, reembed(solr, "--check", "--compare", "--min-overlap", "0"), runner.err());
        assertTrue(runner.out().contains("of the ten best hits of 12 queries stay"), runner.out());
        for (String step : List.of("--switch", "--rollback", "--drop")) {
          assertEquals(1, reembed(solr, step, "--min-overlap", "0"));
          assertTrue(runner.err().contains("runs without SolrCloud"), runner.err());
        }
      }
    }
  }

  private static NamedList<?> handler(SolrClient client, String action) {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set("action", action).set("field", "vector").set("to", "vector2");
    GenericSolrRequest request =
        new GenericSolrRequest(SolrRequest.METHOD.POST, "/llm2vec", params)
            .setRequiresCollection(true);
    try {
      return (NamedList<?>) client.request(request, "papers").get("reembed");
    } catch (SolrServerException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A search for the nearest document to a vector, by Solr's own parser. */
  private static ModifiableSolrParams nearest(float[] vector) {
    return new ModifiableSolrParams()
        .set("q", "{!knn f=vector2 topK=1}" + Arrays.toString(vector))
        .set("fl", "id,score");
  }

  private int reembed(LocalSolr solr, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("reembed", "--solr", solr.url(), "--collection", "papers"));
    arguments.addAll(List.of("--field", "vector", "--to", "vector2", "--batch", "5"));
    arguments.addAll(Arrays.asList(more));
    return runner.run(arguments.toArray(String[]::new));
  }

  /** What the command says is to be done by hand. */
  private void change(LocalSolr solr) throws Exception {
    Path conf = home.toAbsolutePath().resolve("papers").resolve("conf");
    Path schema = conf.resolve("schema.xml");
    List<String> lines =
        runner.err().lines().filter(line -> line.strip().startsWith("<field")).toList();
    Files.writeString(
        schema,
        Files.readString(schema).replace("</schema>", String.join("\n", lines) + "\n</schema>"));
    Path config = conf.resolve("solrconfig.xml");
    Files.writeString(
        config,
        Files.readString(config)
            .replace(
                "<str name=\"vector\">vector</str>",
                "<lst name=\"mapping\"><str name=\"vector\">vector</str></lst><lst name=\"mapping\">"
                    + "<str name=\"vector\">vector2</str><str name=\"model\">new</str></lst>"));
    solr.container().reload("papers");
  }
}
