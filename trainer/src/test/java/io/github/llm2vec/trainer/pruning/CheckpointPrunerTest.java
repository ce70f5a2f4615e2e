/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.pruning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that has learnt stories, cut to three layers and the tokens of three sentences. */
class CheckpointPrunerTest {

  private static final Path CHECKPOINTS =
      Path.of("../lucene-llm2vec/src/test/resources/checkpoints");
  private static final Path EXPECTED =
      Path.of("src/test/resources/io/github/llm2vec/trainer/pruning/three-layers.json");

  @TempDir Path folder;

  private static CheckpointPruner pruner(String name) throws IOException {
    ResolverOptions local =
        ResolverOptions.local(HubEnvironment.of(Map.of(), Path.of("target", "no-home")));
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(local)
            .resolve(CheckpointResolver.Request.of(CHECKPOINTS.resolve(name).toString()));
    return new CheckpointPruner(checkpoint);
  }

  private static RecordStream<String> stream(List<String> texts) {
    Iterator<String> iterator = texts.iterator();
    return () -> iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
  }

  @Test
  void theFirstLayersGiveWhatTheyGaveInTheLargerModel() throws IOException {
    JsonNode expected = new ObjectMapper().readTree(EXPECTED.toFile());
    List<String> texts = new ArrayList<>();
    expected.path("texts").forEach(text -> texts.add(text.asText()));
    CheckpointPruner pruner = pruner("stories260K");
    Set<Integer> used = pruner.tokensOf(stream(texts));
    CheckpointPruner.Report report =
        pruner.write(folder, OptionalInt.of(3), Optional.of(used), Optional.empty());
    assertEquals(3, report.layers());
    // All bytes can still be written, so most of the 512 tokens stay.
    assertTrue(report.tokens() >= 256 + used.size() && report.tokens() < 400, report.toString());
    Llm2VecOptions causal = Llm2VecOptions.builder().enableBidirectional(false).build();
    try (Llm2Vec small = Llm2Vec.open(ModelSource.of(folder), causal)) {
      assertEquals(3, small.decoder().spec().layers().size());
      assertEquals(report.tokens(), small.decoder().spec().vocabSize());
      float[][] found = small.encode(texts, Prompt.document());
      for (int i = 0; i < texts.size(); i++) {
        JsonNode vector = expected.path("vectors").path(i);
        float[] wanted = new float[vector.size()];
        for (int j = 0; j < wanted.length; j++) {
          wanted[j] = (float) vector.get(j).asDouble();
        }
        assertArrayEquals(wanted, found[i], 2e-5f);
      }
      // A word that was not kept is spelt by what was.
      assertEquals(64, small.encodeOne("Quetzalcoatl's xylophone", Prompt.document()).length);
    }
  }

  @Test
  void everyKindOfLayerIsCutOrRefused() throws IOException {
    for (String name : List.of("golden-gemma3", "golden-qwen3", "golden-mistral", "llama-mha")) {
      Path output = folder.resolve(name);
      boolean tokenizer = Files.exists(CHECKPOINTS.resolve(name).resolve("tokenizer.json"));
      CheckpointPruner.Report report =
          pruner(name).write(output, OptionalInt.of(1), Optional.empty(), Optional.empty());
      assertEquals(1, report.layers());
      if (tokenizer) {
        try (Llm2Vec small = Llm2Vec.open(output)) {
          assertEquals(1, small.decoder().spec().layers().size());
        }
      }
    }
  }

  @Test
  void refusesMoreLayersThanThereAreAndAFolderWithAModel() throws IOException {
    CheckpointPruner pruner = pruner("stories260K");
    IOException failure =
        assertThrows(
            IOException.class,
            () -> pruner.write(folder, OptionalInt.of(6), Optional.empty(), Optional.empty()));
    assertTrue(failure.getMessage().contains("has 5 layers"), failure.getMessage());
    Files.writeString(folder.resolve("config.json"), "{}");
    assertThrows(
        java.nio.file.FileAlreadyExistsException.class,
        () -> pruner.write(folder, OptionalInt.of(1), Optional.empty(), Optional.empty()));
  }
}
