/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.Main;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.cloud.Replica;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real cluster over HTTP, whose vectors are looked at in every replica. */
class ReembedCommandTest {

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

  @AfterEach
  void forget() {
    solr.news.forEach(model -> model.during(texts -> {}));
  }

  /** A collection with documents of before the second mapping, and their texts by id. */
  private static Map<String, String> collection(String name, int documents) throws Exception {
    return collection(name, Replica.Type.NRT, documents);
  }

  private static Map<String, String> collection(String name, Replica.Type replicas, int documents)
      throws Exception {
    return solr.filled(name, replicas, documents);
  }

  private static void prepare(String name) throws Exception {
    assertEquals(1, solr.reembed(name, "--model", "new", "--dimensions", "8"), solr.runner.err());
    assertTrue(
        solr.runner.err().contains("Added to the schema: vector2, vector2_copy, vector2_model"),
        solr.runner.err());
    assertTrue(solr.runner.err().contains("<str name=\"model\">new</str>"), solr.runner.err());
    solr.map(name, Map.of());
  }

  @Test
  void everyDocumentGetsTheVectorOfTheNewModelWhileOthersAreIndexed() throws Exception {
    Map<String, String> texts = collection("plain", 50);
    prepare("plain");
    assertEquals(1, solr.reembed("plain", "--check"));
    assertTrue(
        solr.runner.out().contains("50 documents have a text and no vector in 'vector2': d0, d1"),
        solr.runner.out());
    solr.add(0, "plain", List.of(new SolrInputDocument("id", "empty", "title", " ")));
    CompletableFuture<Void> ingest =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int i = 0; i < 20; i++) {
                  solr.add(
                      i % 2,
                      "plain",
                      List.of(
                          ReembedCluster.document("n" + i, "new", "number " + i),
                          ReembedCluster.document("d" + 2 * i, "changed", "number " + i)));
                }
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    assertEquals(0, solr.reembed("plain"), solr.runner.err() + solr.runner.out());
    ingest.join();
    for (int i = 0; i < 20; i++) {
      texts.put("n" + i, "new number " + i);
      texts.put("d" + 2 * i, "changed number " + i);
    }
    assertEquals(0, solr.reembed("plain", "--check"), solr.runner.out());
    try (SolrClient client = solr.cluster.getJettySolrRunner(0).newClient()) {
      client.deleteById("plain", "empty");
    }
    solr.assertVectors("plain", texts);
  }

  @Test
  void replicasThatCopySegmentsAreNotAskedWhatIsLeft() throws Exception {
    collection("copying", Replica.Type.TLOG, 30);
    prepare("copying");
    assertEquals(0, solr.reembed("copying"), solr.runner.err() + solr.runner.out());
    // No replica but the leader has seen the commit by now.
    assertEquals(0, solr.reembed("copying", "--check"), solr.runner.out());
  }

  @Test
  void documentThatIsChangedOrDeletedWhileItIsEncodedStaysSo() throws Exception {
    Map<String, String> texts = collection("changing", 20);
    prepare("changing");
    AtomicBoolean done = new AtomicBoolean();
    solr.news
        .get(0)
        .during(
            batch -> {
              if (batch.contains("title 3 words number 3") && done.compareAndSet(false, true)) {
                try (SolrClient other = solr.cluster.getJettySolrRunner(1).newClient()) {
                  other.add("changing", ReembedCluster.document("d3", "quite", "another text"));
                  SolrInputDocument half = new SolrInputDocument("id", "d12");
                  half.setField("text", Map.of("set", "half of it"));
                  other.add("changing", half);
                  other.deleteById("changing", List.of("d4", "d5"));
                  other.commit("changing");
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    assertEquals(0, solr.reembed("changing"), solr.runner.err() + solr.runner.out());
    assertTrue(done.get());
    texts.put("d3", "quite another text");
    texts.put("d12", "title 12 half of it");
    texts.keySet().removeAll(List.of("d4", "d5"));
    solr.assertVectors("changing", texts);
  }

  @Test
  void aRunThatIsKilledIsGoneOnWith() throws Exception {
    Map<String, String> texts = collection("killed", 60);
    prepare("killed");
    AtomicInteger encoded = new AtomicInteger();
    AtomicReference<Process> running = new AtomicReference<>();
    // In the first batch, in the middle, and in the last one.
    for (int moment : new int[] {1, 30, 59}) {
      running.set(null);
      for (HashedModel model : solr.news) {
        model.during(
            batch -> {
              if (encoded.addAndGet(batch.size()) >= moment && running.get() != null) {
                running.get().destroyForcibly();
              }
            });
      }
      Process process =
          new ProcessBuilder(command(solr.arguments("killed")))
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("killed.log").toFile())
              .start();
      running.set(process);
      assertTrue(process.waitFor(2, TimeUnit.MINUTES));
      assertEquals(137, process.exitValue(), Files.readString(folder.resolve("killed.log")));
    }
    solr.news.forEach(model -> model.during(batch -> encoded.addAndGet(batch.size())));
    assertEquals(0, solr.reembed("killed"), solr.runner.err() + solr.runner.out());
    solr.assertVectors("killed", texts);
    int before = encoded.get();
    assertEquals(0, solr.reembed("killed"), solr.runner.err() + solr.runner.out());
    assertEquals(before, encoded.get(), "nothing is left to do");
  }

  private static List<String> command(List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(arguments);
    return command;
  }

  @Test
  void documentsThatTheModelRefusesAreNamedAndTheOthersGetTheirVectors() throws Exception {
    collection("refusing", 10);
    solr.add(0, "refusing", List.of(ReembedCluster.document("bad", "an", "unreadable text")));
    prepare("refusing");
    solr.news.forEach(HashedModel::refuseUnreadable);
    assertEquals(1, solr.reembed("refusing"));
    assertTrue(solr.runner.err().contains("Refused by the model: bad"), solr.runner.err());
    assertEquals(
        "1 documents have a text and no vector in 'vector2': bad", solr.runner.out().strip());
    assertEquals(1, solr.reembed("refusing", "--model", "default"));
    assertTrue(
        solr.runner.err().contains("fills 'vector2' with model 'new', not 'default'"),
        solr.runner.err());
  }

  @Test
  void sourcesThatSolrCannotReadBackAreRefusedByName() throws Exception {
    solr.create(
        "unstored",
        Map.of(
            "<field name=\"title\" type=\"text_en\"/>",
            "<field name=\"title\" type=\"text_en\" stored=\"false\"/>"));
    prepare("unstored");
    assertEquals(1, solr.reembed("unstored"));
    assertTrue(
        solr.runner.err().contains("field 'title', of which the text for 'vector2' is made"),
        solr.runner.err());
  }
}
