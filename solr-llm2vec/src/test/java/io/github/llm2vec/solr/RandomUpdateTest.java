/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.embedded.EmbeddedSolrServer;
import org.apache.solr.core.SolrCore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@link RandomUpdates} on one core. {@code -Dllm2vec.long=true} runs 10,000 sequences, {@code
 * -Dllm2vec.seed=} those of a failure first, {@code -Dllm2vec.sequences=} another number of each
 * kind. Most of the time goes into writing to the disk: {@code -Djava.io.tmpdir=/dev/shm} saves it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RandomUpdateTest {

  private static final int SEQUENCES = Boolean.getBoolean("llm2vec.long") ? 5_000 : 40;

  private final FakeBatchModel encoder = new FakeBatchModel(16);
  private SolrNode node;
  private SolrClient client;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    node = SolrNode.start(home, model -> encoder.service());
    for (boolean cut : new boolean[] {false, true}) {
      UpdatingCore.create(node, name(cut), Map.of(), RandomUpdates.configuration(cut));
    }
    client = new EmbeddedSolrServer(node.container(), null);
  }

  @AfterAll
  void stop() {
    // Closing the client as well would end the node twice.
    node.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void indexHoldsWhatUpdatesLeave(boolean cut) {
    RandomUpdates.run(new OneCore(name(cut)), encoder, cut, SEQUENCES);
  }

  private static String name(boolean cut) {
    return cut ? "cut" : "whole";
  }

  private final class OneCore implements RandomUpdates.Index {
    private final String name;

    OneCore(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public SolrClient client() {
      return client;
    }

    @Override
    public Map<String, float[]> vectors() throws IOException {
      return node.vectors(name);
    }

    @Override
    public void forEachCore(RandomUpdates.CoreAction action) throws IOException {
      try (SolrCore core = node.container().getCore(name)) {
        action.accept(core);
      }
    }

    @Override
    public String operate(Random random) {
      node.container().reload(name);
      return "reload";
    }

    @Override
    public int oneIn() {
      return 8;
    }
  }
}
