/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static io.github.llm2vec.torch.GoldenTraining.spec;
import static io.github.llm2vec.torch.GoldenTraining.triples;
import static io.github.llm2vec.torch.GoldenTraining.triplesInParts;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.DecoderTrainer.Kind;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Losses of distillation and Matryoshka losses, with their gradients, against PyTorch, transformers
 * and sentence-transformers on the closed-form Llama (src/test/python/make_distillation.py).
 */
class DistillationLossTest {

  private static final Path EXPECTED = Path.of("src/test/resources/distillation.json");
  private static final double SCALE = 20;

  private record Case(String name, JsonNode json) {

    double number(String key) {
      return json.path(key).asDouble(0);
    }

    int queries() {
      return json.path("queries").asInt(0);
    }

    int dense() {
      return json.path("dense").asBoolean() ? 12 : 0;
    }

    boolean matryoshka() {
      return json.has("matryoshka");
    }

    float[][] teacher() {
      int width = json.path("teacher").asInt(dense() > 0 ? dense() : 16);
      float[] flat = GoldenTraining.rule("teacher", 0, 6 * width, 0.5);
      float[][] rows = new float[6][];
      Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * width, (i + 1) * width));
      return rows;
    }

    DistillationLoss loss() {
      MatryoshkaDims dims =
          json.has("dims")
              ? new MatryoshkaDims(List.of(12, 5), List.of(0.75, 0.25))
              : MatryoshkaDims.whole(dense() > 0 ? dense() : 16);
      return new DistillationLoss(
          number("cosine"),
          number("mse"),
          number("similarity"),
          number("contrastive"),
          0.1,
          0.05,
          json.path("normalize").asBoolean(),
          dims);
    }

    double add(DecoderTrainer trainer, List<PackedBatch> parts) {
      return matryoshka()
          ? trainer.addContrastiveLoss(
              parts, 2, SCALE, new MatryoshkaDims(List.of(16, 8, 3), List.of(1.0, 0.5, 0.25)), 1)
          : trainer.addDistillationLoss(parts, queries(), teacher(), loss(), 1);
    }
  }

  private static List<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    Iterator<Map.Entry<String, JsonNode>> all =
        new ObjectMapper().readTree(EXPECTED.toFile()).fields();
    while (all.hasNext()) {
      Map.Entry<String, JsonNode> one = all.next();
      cases.add(new Case(one.getKey(), one.getValue()));
    }
    return cases;
  }

  private static DecoderTrainer open(int dense, int checkpointing) throws IOException {
    TrainOptions options =
        GoldenTraining.with(
                TrainOptions.of(new AllParameters(), LanguageModelHead.NONE, 64, 42),
                DType.FLOAT32,
                dense)
            .withCheckpointingBeyond(checkpointing);
    DecoderTrainer trainer = GoldenTraining.open(spec(), options);
    for (String name : trainer.names()) {
      if (name.startsWith("dense.")) {
        int size = Math.toIntExact(trainer.shape(name).stream().reduce(1L, Math::multiplyExact));
        trainer.set(Kind.VALUE, name, GoldenTraining.rule(name, 0, size, 0.3));
      }
    }
    return trainer;
  }

  @Test
  void lossesAndGradientsEqualPython() throws IOException {
    List<Case> cases = cases();
    assertEquals(10, cases.size());
    for (Case one : cases) {
      for (int checkpointing : new int[] {TrainOptions.NEVER, TrainOptions.ALWAYS}) {
        try (DecoderTrainer trainer = open(one.dense(), checkpointing)) {
          // Weighted halves add up, as those of accumulated batches do.
          check(one, trainer, List.of(triples()));
          trainer.zeroGradients();
          // 4 and 2 texts, gradients cached.
          check(one, trainer, triplesInParts(4));
        }
      }
    }
  }

  private static void check(Case one, DecoderTrainer trainer, List<PackedBatch> parts) {
    double expected = one.json().path("losses").get(0).asDouble();
    assertEquals(expected, one.add(trainer, parts), 2e-6 * Math.max(1, expected), one.name());
    double norm = one.json().path("norm").asDouble();
    assertEquals(norm, trainer.gradientNorm(), 2e-5 * Math.max(1, norm), one.name());
    one.json()
        .path("gradients")
        .fields()
        .forEachRemaining(
            tensor -> {
              float[] found = trainer.get(Kind.GRADIENT, tensor.getKey());
              assertEquals(tensor.getValue().size(), found.length);
              for (int i = 0; i < found.length; i++) {
                double value = tensor.getValue().get(i).asDouble();
                assertEquals(
                    value,
                    found[i],
                    2e-5 * Math.max(1, norm),
                    one.name() + " " + tensor.getKey() + " " + i);
              }
            });
  }

  @Test
  void updatesEqualPython() throws IOException {
    Case one = cases().stream().filter(c -> c.name().equals("all at two widths")).findFirst().get();
    try (DecoderTrainer trainer = open(one.dense(), TrainOptions.NEVER)) {
      for (int step = 0; step < 10; step++) {
        double expected = one.json().path("losses").get(step).asDouble();
        DistillationLoss.Score score =
            trainer.distillationScore(triples(), one.queries(), one.teacher(), one.loss());
        assertEquals(expected, score.loss(), 1e-4, "step " + step);
        assertEquals(expected, one.add(trainer, List.of(triples())), 1e-4, "step " + step);
        trainer.update(AdamW.withLearningRate(1e-3), step + 1);
        trainer.zeroGradients();
      }
    }
  }

  @Test
  void anAdapterLearnsWithItsLayer() throws IOException {
    Case one = cases().get(0);
    TrainOptions options =
        GoldenTraining.with(GoldenTraining.options(LanguageModelHead.NONE, 0.1), DType.FLOAT32, 12);
    for (int checkpointing : new int[] {TrainOptions.NEVER, TrainOptions.ALWAYS}) {
      try (DecoderTrainer trainer =
          GoldenTraining.openAsLoaded(spec(), options.withCheckpointingBeyond(checkpointing))) {
        assertEquals(List.of(12L, 16L), trainer.shape("dense.linear.weight"));
        // torch.nn.Linear begins within 1 / sqrt(16), without a bias here.
        for (float value : trainer.get(Kind.VALUE, "dense.linear.weight")) {
          assertTrue(Math.abs(value) <= 0.25);
        }
        double first = score(one, trainer).loss();
        for (int step = 0; step < 20; step++) {
          one.add(trainer, List.of(triples()));
          trainer.update(AdamW.withLearningRate(1e-2), step + 1);
          trainer.zeroGradients();
        }
        DistillationLoss.Score last = score(one, trainer);
        assertTrue(last.loss() < first / 2, first + " to " + last.loss());
        assertEquals(1 - last.loss(), last.cosine(), 1e-6);
        assertEquals(12, trainer.project(triples())[0].length);
      }
    }
  }

  private static DistillationLoss.Score score(Case one, DecoderTrainer trainer) {
    return trainer.distillationScore(triples(), 0, one.teacher(), one.loss());
  }

  @Test
  void rejectsWhatDoesNotFit() throws IOException {
    Case one = cases().get(0);
    assertThrows(IllegalArgumentException.class, () -> new MatryoshkaDims(List.of(), List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> new MatryoshkaDims(List.of(3), List.of(1.0, 2.0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DistillationLoss(0, 0, 0, 0, 1, 1, false, MatryoshkaDims.whole(12)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DistillationLoss(1, 0, 0, 0, 0, 1, false, MatryoshkaDims.whole(12)));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            GoldenTraining.with(
                GoldenTraining.options(LanguageModelHead.TIED, 0), DType.FLOAT32, 12));
    try (DecoderTrainer trainer = open(12, TrainOptions.NEVER)) {
      float[][] five = Arrays.copyOf(one.teacher(), 5);
      assertThrows(
          IllegalArgumentException.class,
          () -> trainer.addDistillationLoss(List.of(triples()), 0, five, one.loss(), 1));
      DistillationLoss wide =
          new DistillationLoss(1, 0, 0, 0, 1, 1, false, MatryoshkaDims.whole(13));
      assertThrows(
          IllegalArgumentException.class,
          () -> trainer.addDistillationLoss(List.of(triples()), 0, one.teacher(), wide, 1));
    }
  }
}
