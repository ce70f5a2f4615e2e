/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.lora.LoraAdapterWriter;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.torch.DecoderTrainer.Kind;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole training runs against transformers, PEFT and {@code torch.optim.AdamW}, recorded by {@code
 * src/test/python/make_training_steps.py}: every gradient of the first step, every loss, and what
 * is trained after the last.
 */
@TestInstance(Lifecycle.PER_CLASS)
class TrainingStepsTest {

  private static final AdamW ADAM = new AdamW(3e-3, 0.9, 0.98, 1e-6, 0.1);

  private JsonNode runs;

  @BeforeAll
  void read() throws IOException {
    runs = new ObjectMapper().readTree(Path.of("src/test/resources/training-steps.json").toFile());
  }

  @ParameterizedTest
  @CsvSource({
    "llama, mntp, false",
    "llama, mntp, true",
    "llama, contrastive, false",
    "llama, causal, true",
    "qwen2, mntp, false",
    "qwen2, contrastive, true",
    "qwen2, causal, false",
    "gemma, mntp, true",
    "gemma, contrastive, false",
    "gemma, causal, false"
  })
  void equalsPython(String model, String objective, boolean checkpointing) throws IOException {
    JsonNode expected = runs.get(model).get(objective);
    boolean tied = model.equals("gemma");
    TrainableParameters trained =
        objective.equals("causal") ? new AllParameters() : GoldenTraining.lora(0);
    LanguageModelHead head =
        objective.equals("contrastive")
            ? LanguageModelHead.NONE
            : tied ? LanguageModelHead.TIED : LanguageModelHead.TRAINED;
    TrainOptions options =
        TrainOptions.of(trained, head, 64, 42)
            .withCheckpointingBeyond(checkpointing ? TrainOptions.ALWAYS : TrainOptions.NEVER);
    Path folder = GoldenTraining.folder(model);
    try (DecoderTrainer trainer =
        GoldenTraining.open(
            folder, GoldenTraining.spec(folder).withCausal(objective.equals("causal")), options)) {
      assertEquals(names(expected.get("gradients")), new TreeSet<>(trainer.names()));
      for (int step = 0; step < expected.get("losses").size(); step++) {
        double loss = loss(trainer, objective);
        double wanted = expected.get("losses").get(step).asDouble();
        String what = model + " " + objective + " " + step;
        assertEquals(wanted, loss, 1e-4 * Math.abs(wanted) + 1e-7, what);
        if (step == 0) {
          compare(trainer, Kind.GRADIENT, expected.get("gradients"), 1e-5, what);
        }
        double norm = expected.get("norms").get(step).asDouble();
        assertEquals(norm, trainer.clipGradients(1), 1e-3 * norm + 1e-6, what);
        trainer.update(ADAM, step + 1);
        trainer.zeroGradients();
      }
      // Of all weights some have gradients near zero, which AdamW divides by their own size: there
      // a
      // processor's rounding becomes a step.
      double tolerance = objective.equals("causal") ? 5e-4 : 1e-4;
      compare(trainer, Kind.VALUE, expected.get("values"), tolerance, model + " " + objective);
    }
  }

  /** The folder can then be given to {@code src/test/python/check_adapter.py}. */
  @Test
  @EnabledIfSystemProperty(named = "llm2vec.adapterFolder", matches = ".+")
  void writesAnAdapterForPeft() throws IOException {
    writeAdapter(Path.of(System.getProperty("llm2vec.adapterFolder")));
  }

  @Test
  void writesTheTensorsThatPeftExpects(@TempDir Path folder) throws IOException {
    writeAdapter(folder);
    JsonNode config = new ObjectMapper().readTree(folder.resolve("adapter_config.json").toFile());
    assertEquals("LORA", config.get("peft_type").asText());
    assertEquals(2, config.get("r").asInt());
  }

  private static void writeAdapter(Path folder) throws IOException {
    Files.createDirectories(folder);
    TrainOptions options = GoldenTraining.options(LanguageModelHead.NONE, 0);
    try (DecoderTrainer trainer = GoldenTraining.open(options)) {
      for (int step = 1; step <= 20; step++) {
        trainer.addContrastiveLoss(GoldenTraining.triples(), 2, 20, 1);
        trainer.update(ADAM, step);
        trainer.zeroGradients();
      }
      List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
      for (String name : trainer.names()) {
        tensors.add(
            new SafetensorsWriter.Tensor(
                name,
                trainer.shape(name),
                (first, target) -> trainer.read(Kind.VALUE, name, first, target)));
      }
      LoraAdapterWriter.write(
          folder,
          new LoraAdapterWriter.Config("golden-llama", 2, 4, 0, LoraOptions.ALL_TARGETS),
          tensors);
      var root = new ObjectMapper().createObjectNode();
      root.set("rows", new ObjectMapper().valueToTree(GoldenTraining.triplesAsRows()));
      root.set("vectors", new ObjectMapper().valueToTree(trainer.embed(GoldenTraining.triples())));
      new ObjectMapper().writeValue(folder.resolve("vectors.json").toFile(), root);
    }
  }

  private static double loss(DecoderTrainer trainer, String objective) {
    return switch (objective) {
      case "mntp" -> trainer.addMaskedLoss(GoldenTraining.masked(false), 1);
      case "contrastive" -> trainer.addContrastiveLoss(GoldenTraining.triples(), 2, 20, 1);
      default -> trainer.addMaskedLoss(GoldenTraining.sentences(), 1);
    };
  }

  private static Set<String> names(JsonNode tensors) {
    Set<String> names = new TreeSet<>();
    tensors.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static void compare(
      DecoderTrainer trainer, Kind kind, JsonNode expected, double tolerance, String what) {
    for (String name : trainer.names()) {
      float[] actual = trainer.get(kind, name);
      JsonNode wanted = expected.get(name);
      assertEquals(wanted.size(), actual.length, name);
      for (int i = 0; i < actual.length; i++) {
        double value = wanted.get(i).asDouble();
        assertEquals(
            value,
            actual[i],
            tolerance * Math.max(1, Math.abs(value)),
            what + " " + kind + " " + name + " " + i);
      }
    }
  }
}
