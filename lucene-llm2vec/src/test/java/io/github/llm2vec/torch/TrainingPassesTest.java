/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static io.github.llm2vec.torch.GoldenTraining.masked;
import static io.github.llm2vec.torch.GoldenTraining.open;
import static io.github.llm2vec.torch.GoldenTraining.options;
import static io.github.llm2vec.torch.GoldenTraining.triples;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.DecoderTrainer.Kind;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The ways to the same gradient: at once, in parts, layer by layer; and passes without one. */
class TrainingPassesTest {

  private static final LanguageModelHead HEAD = LanguageModelHead.TRAINED;
  private static final LanguageModelHead NONE = LanguageModelHead.NONE;

  @Test
  void partsOfABatchGiveTheGradientOfTheWhole() throws IOException {
    try (DecoderTrainer trainer = open(options(NONE, 0))) {
      double loss = trainer.addContrastiveLoss(triples(), 2, 20, 0.5);
      Map<String, float[]> whole = gradients(trainer);
      for (int size : new int[] {1, 2, 3, 4, 6}) {
        trainer.zeroGradients();
        assertEquals(loss, trainer.addContrastiveLoss(parts(size), 2, 20, 0.5), 1e-6);
        assertEqual(whole, gradients(trainer), 1e-6);
      }
    }
  }

  @Test
  void partsRepeatTheirDropout() throws IOException {
    TrainOptions options = GoldenTraining.dropping(options(NONE, 0.3), 0.2, 0);
    try (DecoderTrainer trainer = open(options)) {
      trainer.seed(5);
      double loss = trainer.addContrastiveLoss(triples(), 2, 20, 1);
      Map<String, float[]> whole = gradients(trainer);
      trainer.zeroGradients();
      trainer.seed(5);
      assertEquals(loss, trainer.addContrastiveLoss(List.of(triples()), 2, 20, 1), 1e-6);
      assertEqual(whole, gradients(trainer), 1e-6);

      // With several parts there is nothing to compare with but the loss itself.
      trainer.zeroGradients();
      trainer.seed(6);
      trainer.addContrastiveLoss(parts(2), 2, 20, 1);
      assertGradientIsSlope(
          trainer,
          () -> {
            trainer.seed(6);
            return trainer.addContrastiveLoss(parts(2), 2, 20, 0);
          });
    }
  }

  @Test
  void layersComputedAgainGiveTheSameGradient() throws IOException {
    for (TrainableParameters trained : List.of(GoldenTraining.lora(0.3), new AllParameters())) {
      for (LanguageModelHead head : LanguageModelHead.values()) {
        TrainOptions options =
            GoldenTraining.dropping(TrainOptions.of(trained, head, 64, 42), 0.2, 0);
        List<Map<String, float[]>> gradients = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        // The longest batch alone, and all of them.
        int longest = Math.max(masked(false).tokens(), triples().tokens()) - 1;
        for (int beyond : List.of(TrainOptions.NEVER, longest, TrainOptions.ALWAYS)) {
          try (DecoderTrainer trainer = open(options.withCheckpointingBeyond(beyond))) {
            trainer.seed(9);
            if (head != NONE) {
              losses.add(trainer.addMaskedLoss(masked(false), 0.5));
            }
            losses.add(trainer.addContrastiveLoss(triples(), 2, 20, 1));
            losses.add(trainer.addContrastiveLoss(parts(4), 2, 20, 1));
            gradients.add(gradients(trainer));
          }
        }
        int third = losses.size() / 3;
        for (int run = 1; run < 3; run++) {
          assertEquals(losses.subList(0, third), losses.subList(run * third, (run + 1) * third));
          assertEqual(gradients.get(0), gradients.get(run), 1e-6);
        }
      }
    }
  }

  @Test
  void everyWeightsGradientIsTheSlopeOfItsLoss() throws IOException {
    for (LanguageModelHead head : List.of(LanguageModelHead.TIED, HEAD, LanguageModelHead.FROZEN)) {
      for (boolean causal : new boolean[] {false, true}) {
        TrainOptions options =
            TrainOptions.of(new AllParameters(), head, 64, 42)
                .withCheckpointingBeyond(causal ? TrainOptions.ALWAYS : TrainOptions.NEVER);
        try (DecoderTrainer trainer = open(GoldenTraining.spec().withCausal(causal), options)) {
          trainer.addMaskedLoss(masked(false), 1);
          assertGradientIsSlope(trainer, () -> trainer.addMaskedLoss(masked(false), 0));
        }
      }
    }
  }

  @Test
  void seedMakesDropoutRepeatable() throws IOException {
    try (DecoderTrainer trainer = open(options(HEAD, 0.3))) {
      trainer.seed(7);
      double first = trainer.addMaskedLoss(masked(false), 1);
      double second = trainer.addMaskedLoss(masked(false), 1);
      trainer.embed(triples());
      trainer.seed(7);
      assertEquals(first, trainer.addMaskedLoss(masked(false), 1));
      assertEquals(second, trainer.addMaskedLoss(masked(false), 1));
      trainer.seed(8);
      assertNotEquals(first, trainer.addMaskedLoss(masked(false), 1));
    }
  }

  @Test
  void evaluatesWithoutDropoutAndWithoutGradients() throws IOException {
    TrainOptions options = GoldenTraining.dropping(options(HEAD, 0.5), 0.5, 0);
    try (DecoderTrainer trainer = open(options);
        DecoderTrainer plain = open(options(HEAD, 0))) {
      MaskedLanguageModelScore score = trainer.maskedScore(masked(false));
      assertEquals(2.980630, score.meanLoss(), 1e-6);
      assertEquals(3, score.predictions());
      assertEquals(new MaskedLanguageModelScore(2 * score.summedLoss(), 6, 0), score.plus(score));
      float[][] embeddings = trainer.embed(triples());
      // Closed-form model with its adapter, mean over the tokens (computed with transformers).
      float[] expected = {-1.05113f, -1.34819f, -1.02382f, -0.14447f};
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], embeddings[0][i], 1e-5);
      }
      float[][] same = plain.embed(triples());
      for (int row = 0; row < same.length; row++) {
        assertArrayEquals(same[row], embeddings[row]);
      }
      assertEquals(0, trainer.gradientNorm());
    }
  }

  @Test
  void countsRightPredictions() throws IOException {
    try (DecoderTrainer trainer = open(options(HEAD, 0))) {
      for (int step = 1; step <= 30; step++) {
        trainer.addMaskedLoss(masked(false), 1);
        trainer.update(AdamW.withLearningRate(5e-2), step);
        trainer.zeroGradients();
      }
      assertEquals(1, trainer.maskedScore(masked(false)).accuracy());
    }
  }

  @Test
  void decaysMatricesButNeitherNormsNorBiases() throws IOException {
    AdamW adam = new AdamW(0.1, 0.9, 0.999, 1e-8, 0.5);
    try (DecoderTrainer trainer =
        open(TrainOptions.of(new AllParameters(), LanguageModelHead.TIED, 64, 42))) {
      Map<String, float[]> before = values(trainer);
      trainer.update(adam, 1); // without a gradient, so that decay alone moves anything
      for (String name : trainer.names()) {
        float[] expected = before.get(name).clone();
        if (!name.contains("norm")) {
          for (int i = 0; i < expected.length; i++) {
            expected[i] *= 0.95f;
          }
        }
        assertArrayEquals(expected, trainer.get(Kind.VALUE, name), 1e-7f, name);
      }
    }
  }

  @Test
  void keepsWeightsInSinglePrecisionWhileItComputesInBFloat16() throws IOException {
    TrainOptions options = TrainOptions.of(new AllParameters(), HEAD, 64, 42);
    try (DecoderTrainer single = open(options);
        DecoderTrainer brain = open(GoldenTraining.with(options, DType.BFLOAT16, 0))) {
      assertEqual(values(single), values(brain), 0);
      double loss = single.addMaskedLoss(masked(false), 1);
      assertEquals(loss, brain.addMaskedLoss(masked(false), 1), 0.05);
      assertEquals(single.gradientNorm(), brain.gradientNorm(), 0.05 * single.gradientNorm());
      AdamW small = AdamW.withLearningRate(1e-5); // far below bfloat16's resolution
      for (int step = 1; step <= 3; step++) {
        single.update(small, step);
        brain.update(small, step);
      }
      assertEqual(values(single), values(brain), 1e-4);
      assertNotEquals(0, brain.get(Kind.VALUE, "norm.weight")[0] % 0x1p-8);
    }
  }

  @Test
  void rejectsRangesOutsideATensor() throws IOException {
    try (DecoderTrainer trainer = open(options(NONE, 0))) {
      String name = trainer.names().get(0);
      java.nio.FloatBuffer one = java.nio.FloatBuffer.allocate(1);
      assertThrows(IllegalArgumentException.class, () -> trainer.read(Kind.VALUE, name, 32, one));
      trainer.read(Kind.VALUE, name, 31, one);
      assertEquals(trainer.get(Kind.VALUE, name)[31], one.get(0));
    }
  }

  private interface Loss {
    double compute();
  }

  /** Compares the steepest entry of every tensor with a central difference. */
  private static void assertGradientIsSlope(DecoderTrainer trainer, Loss loss) {
    float step = 4e-3f;
    for (String name : trainer.names()) {
      float[] gradient = trainer.get(Kind.GRADIENT, name);
      int entry = 0;
      for (int i = 1; i < gradient.length; i++) {
        entry = Math.abs(gradient[i]) > Math.abs(gradient[entry]) ? i : entry;
      }
      float[] values = trainer.get(Kind.VALUE, name);
      double difference = 0;
      for (int sign = -1; sign <= 1; sign += 2) {
        float[] moved = values.clone();
        moved[entry] += sign * step;
        trainer.set(Kind.VALUE, name, moved);
        difference += sign * loss.compute();
      }
      trainer.set(Kind.VALUE, name, values);
      double expected = difference / (2 * step);
      assertEquals(expected, gradient[entry], 5e-4 + 1e-2 * Math.abs(expected), name);
    }
  }

  private static List<PackedBatch> parts(int size) {
    return GoldenTraining.triplesInParts(size);
  }

  private static Map<String, float[]> gradients(DecoderTrainer trainer) {
    return all(trainer, Kind.GRADIENT);
  }

  private static Map<String, float[]> values(DecoderTrainer trainer) {
    return all(trainer, Kind.VALUE);
  }

  private static Map<String, float[]> all(DecoderTrainer trainer, Kind kind) {
    Map<String, float[]> all = new LinkedHashMap<>();
    trainer.names().forEach(name -> all.put(name, trainer.get(kind, name)));
    return all;
  }

  private static void assertEqual(
      Map<String, float[]> expected, Map<String, float[]> actual, double tolerance) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, values) -> assertArrayEquals(values, actual.get(name), (float) tolerance, name));
  }
}
