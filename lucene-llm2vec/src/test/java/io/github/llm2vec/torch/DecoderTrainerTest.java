/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static io.github.llm2vec.torch.GoldenTraining.FOLDER;
import static io.github.llm2vec.torch.GoldenTraining.HEAD;
import static io.github.llm2vec.torch.GoldenTraining.masked;
import static io.github.llm2vec.torch.GoldenTraining.open;
import static io.github.llm2vec.torch.GoldenTraining.triples;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.LoraAdapterWriter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.CheckpointWeights.LowRankUpdate;
import io.github.llm2vec.torch.DecoderTrainer.Kind;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Losses, gradients and updates of an adapter on a small Llama whose weights follow a formula. The
 * expected figures were computed with Hugging Face transformers, PEFT and {@code torch.optim.AdamW}
 * and are given to the digits printed there.
 */
class DecoderTrainerTest {

  private static final String QUERY_A = "layers.0.self_attn.q_proj.lora_A.weight";
  private static final String DOWN_B = "layers.1.mlp.down_proj.lora_B.weight";
  private static final AdamW ADAM = AdamW.withLearningRate(1e-2);

  @Test
  void maskedTrainingEqualsPython() throws IOException {
    for (boolean padded : new boolean[] {false, true}) {
      double[] losses = {2.980630, 2.544767, 2.175575, 1.887173};
      double[] norms = {3.00856, 2.77584, 2.28494, 1.99107};
      try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.TRAINED, 0))) {
        for (int step = 0; step < 4; step++) {
          assertEquals(losses[step], trainer.addMaskedLoss(masked(padded), 1), 1e-6);
          assertEquals(norms[step], trainer.clipGradients(1), 1e-5);
          if (step == 0) {
            first(trainer, Kind.GRADIENT, QUERY_A, 0, -0.01809, -0.01849, -0.01653);
            first(trainer, Kind.GRADIENT, DOWN_B, 0, 0.00175, 0.00426, -0.00012);
            first(trainer, Kind.GRADIENT, HEAD, 6 * 16, 0.05224, -0.02603, -0.11577);
          }
          trainer.update(ADAM, step + 1);
          trainer.zeroGradients();
        }
        first(trainer, Kind.VALUE, QUERY_A, 0, 0.13798, 0.13597, 0.12080);
        first(trainer, Kind.VALUE, DOWN_B, 0, -0.07427, -0.03951, 0.02229);
        first(trainer, Kind.VALUE, HEAD, 6 * 16, 0.24408, 0.26814, 0.18318);
      }
    }
  }

  @Test
  void contrastiveTrainingEqualsPython() throws IOException {
    double[] losses = {0.589654, 0.497329, 0.353414, 0.134788};
    double[] norms = {0.61318, 0.61774, 1.17345, 1.62423};
    try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.NONE, 0))) {
      for (int step = 0; step < 4; step++) {
        assertEquals(losses[step], trainer.addContrastiveLoss(triples(), 2, 20, 1), 2e-6);
        assertEquals(norms[step], trainer.clipGradients(1), 1e-5);
        trainer.update(ADAM, step + 1);
        trainer.zeroGradients();
      }
      first(trainer, Kind.VALUE, QUERY_A, 0, 0.13743, 0.13454, 0.11768);
      first(trainer, Kind.VALUE, DOWN_B, 0, -0.02047, 0.03583, 0.07650);
    }
  }

  @Test
  void gradientsEqualFiniteDifferences() throws IOException {
    float step = 1e-2f;
    try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.TRAINED, 0))) {
      trainer.addMaskedLoss(masked(false), 1);
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
          difference += sign * trainer.addMaskedLoss(masked(false), 0);
        }
        trainer.set(Kind.VALUE, name, values);
        double expected = difference / (2 * step);
        assertEquals(expected, gradient[entry], 1e-4 + 5e-3 * Math.abs(expected), name);
      }
    }
  }

  @Test
  void whatLiesOutsideTheLayersMovesByARateOfItsOwn() throws IOException {
    Map<String, float[]> slow = updated(new AdamW(1e-3, 0.9, 0.98, 1e-8, 0.1));
    Map<String, float[]> fast = updated(new AdamW(1e-1, 0.9, 0.98, 1e-8, 0.1));
    Map<String, float[]> mixed = updated(new AdamW(1e-3, 1e-1, 0.9, 0.98, 1e-8, 0.1));
    Set<String> outside = Set.of("embed_tokens.weight", "norm.weight", HEAD);
    assertTrue(mixed.keySet().containsAll(outside), mixed.keySet().toString());
    mixed.forEach(
        (name, values) ->
            assertArrayEquals((outside.contains(name) ? fast : slow).get(name), values, name));
  }

  private static Map<String, float[]> updated(AdamW adam) throws IOException {
    TrainOptions options = TrainOptions.of(new AllParameters(), LanguageModelHead.TRAINED, 64, 42);
    Map<String, float[]> values = new LinkedHashMap<>();
    try (DecoderTrainer trainer = GoldenTraining.openAsLoaded(GoldenTraining.spec(), options)) {
      trainer.addMaskedLoss(masked(false), 1);
      trainer.update(adam, 1);
      trainer.names().forEach(name -> values.put(name, trainer.get(Kind.VALUE, name)));
    }
    return values;
  }

  @Test
  void gradientsOfWeightedBatchesAddUp() throws IOException {
    try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.TIED, 0))) {
      trainer.addMaskedLoss(masked(false), 1);
      double whole = trainer.gradientNorm();
      trainer.zeroGradients();
      assertEquals(0, trainer.gradientNorm());
      trainer.addMaskedLoss(masked(false), 0.25);
      trainer.addMaskedLoss(masked(true), 0.75);
      assertEquals(whole, trainer.gradientNorm(), 1e-5 * whole);
    }
  }

  @Test
  void dropoutDrawsAnewForEveryBatchAndTheSameForTheSameSeed() throws IOException {
    List<Double> losses = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.TRAINED, 0.3))) {
        losses.add(trainer.addMaskedLoss(masked(false), 1));
        losses.add(trainer.addMaskedLoss(masked(false), 1));
      }
    }
    assertEquals(4, losses.size());
    assertEquals(losses.subList(0, 2), losses.subList(2, 4));
    assertEquals(2, new HashSet<>(losses).size());
  }

  /** A layer that is left out adds nothing, as one whose projections into the stream are zero. */
  @Test
  void leavesLayersOutEachByItself() throws IOException {
    TrainOptions whole = TrainOptions.of(new AllParameters(), LanguageModelHead.TRAINED, 64, 42);
    double[] expected = new double[4];
    for (int left = 0; left < 4; left++) {
      try (DecoderTrainer trainer = GoldenTraining.openAsLoaded(GoldenTraining.spec(), whole)) {
        for (int layer = 0; layer < 2; layer++) {
          if ((left >> layer & 1) == 0) {
            for (String name : residual(layer)) {
              trainer.set(Kind.VALUE, name, new float[trainer.get(Kind.VALUE, name).length]);
            }
          }
        }
        expected[left] = trainer.addMaskedLoss(masked(false), 1);
      }
    }
    for (int checkpointing : new int[] {TrainOptions.NEVER, TrainOptions.ALWAYS}) {
      TrainOptions options =
          GoldenTraining.dropping(whole, 0, 0.5).withCheckpointingBeyond(checkpointing);
      Set<Integer> seen = new HashSet<>();
      try (DecoderTrainer trainer = GoldenTraining.openAsLoaded(GoldenTraining.spec(), options)) {
        for (int pass = 0; pass < 40; pass++) {
          double loss = trainer.addMaskedLoss(masked(false), 1);
          int left = 0;
          for (int layer = 0; layer < 2; layer++) {
            if (norm(trainer.get(Kind.GRADIENT, residual(layer).get(0))) > 0) {
              left |= 1 << layer;
            }
          }
          assertEquals(expected[left], loss, 1e-6, "pass " + pass + ", layers " + left);
          seen.add(left);
          trainer.zeroGradients();
        }
        assertEquals(4, seen.size());
        assertEquals(expected[3], trainer.maskedScore(masked(false)).meanLoss(), 1e-6);
      }
    }
  }

  private static List<String> residual(int layer) {
    return List.of(
        "layers." + layer + ".self_attn.o_proj.weight",
        "layers." + layer + ".mlp.down_proj.weight");
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  @Test
  void trainsAnAdapterInSinglePrecisionOnABFloat16Model() throws IOException {
    try (DecoderTrainer trainer =
        open(
            GoldenTraining.with(
                GoldenTraining.options(LanguageModelHead.TRAINED, 0), DType.BFLOAT16, 0))) {
      assertEquals(2.980630, trainer.addMaskedLoss(masked(false), 1), 0.05);
      assertEquals(3.00856, trainer.gradientNorm(), 0.15);
    }
  }

  @Test
  void rejectsBatchesThatFitNoLossAndStaysUsable() throws IOException {
    try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.TRAINED, 0))) {
      PackedBatch unlabelled = new PackedBatch.Builder().add(new int[] {1, 2}, 0).build();
      PackedBatch foreign = new PackedBatch.Builder().add(new int[] {1, 32}, 0).label(1, 3).build();
      assertThrows(IllegalArgumentException.class, () -> trainer.addMaskedLoss(unlabelled, 1));
      assertThrows(IllegalArgumentException.class, () -> trainer.addMaskedLoss(foreign, 1));
      assertThrows(
          IllegalArgumentException.class, () -> trainer.addContrastiveLoss(unlabelled, 1, 20, 1));
      assertThrows(IllegalArgumentException.class, () -> trainer.get(Kind.VALUE, "layers.9"));
      assertEquals(2.980630, trainer.addMaskedLoss(masked(false), 1), 1e-6);
    }
  }

  @Test
  void startsAsTheModelItself() throws IOException {
    try (DecoderTrainer trainer =
        GoldenTraining.openAsLoaded(
            GoldenTraining.spec(), GoldenTraining.options(LanguageModelHead.TRAINED, 0))) {
      double bound = 1 / Math.sqrt(16);
      for (float value : trainer.get(Kind.VALUE, QUERY_A)) {
        assertTrue(value != 0 && Math.abs(value) <= bound);
      }
      for (float value : trainer.get(Kind.VALUE, DOWN_B)) {
        assertEquals(0f, value);
      }
    }
  }

  @Test
  void savedAdapterGivesTheSameLossWhenMerged(@TempDir Path folder) throws IOException {
    DecoderSpec spec = GoldenTraining.spec();
    try (DecoderTrainer trainer = open(GoldenTraining.options(LanguageModelHead.NONE, 0));
        TensorSource tensors = Safetensors.openFolder(FOLDER)) {
      List<SafetensorsWriter.Tensor> saved = new ArrayList<>();
      for (String name : trainer.names()) {
        FloatBuffer values = FloatBuffer.wrap(trainer.get(Kind.VALUE, name));
        saved.add(SafetensorsWriter.Tensor.of(name, trainer.shape(name), values));
      }
      LoraAdapterWriter.write(
          folder,
          new LoraAdapterWriter.Config("golden-llama", 2, 4, 0, LoraOptions.ALL_TARGETS),
          saved);
      TensorSource weights = Safetensors.openFile(folder.resolve("adapter_model.safetensors"));
      CheckpointWeights merged =
          new CheckpointWeights(
              tensors,
              module -> module.contains("_proj") ? List.of(update(weights, module)) : List.of(),
              FOLDER.toString());
      try (weights;
          LoraAdapter adapter = LoraAdapter.open(folder, spec);
          DecoderTrainer again =
              DecoderTrainer.open(
                  spec,
                  merged,
                  GoldenTraining.options(LanguageModelHead.NONE, 0),
                  LoadListener.NONE)) {
        assertEquals(folder, adapter.folder());
        assertEquals(0.589654, again.addContrastiveLoss(triples(), 2, 20, 1), 2e-5);
      }
    }
  }

  private static LowRankUpdate update(TensorSource adapter, String module) {
    String prefix = "base_model.model." + module + ".lora_";
    return new LowRankUpdate(adapter, prefix + "A.weight", prefix + "B.weight", 2);
  }

  private static void first(
      DecoderTrainer trainer, Kind kind, String name, int from, double... expected) {
    float[] actual = trainer.get(kind, name);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[from + i], 1e-5, kind + " " + name + " " + (from + i));
    }
  }
}
