/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static io.github.llm2vec.torch.GoldenTraining.dropping;
import static io.github.llm2vec.torch.GoldenTraining.lora;
import static io.github.llm2vec.torch.GoldenTraining.masked;
import static io.github.llm2vec.torch.GoldenTraining.sentences;
import static io.github.llm2vec.torch.GoldenTraining.triples;
import static io.github.llm2vec.torch.GoldenTraining.triplesInParts;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.torch.DecoderTrainer.Kind;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Several devices, here always the CPU, train as one does with the whole batch. */
class ReplicasTest {

  private static final double TOLERANCE = 1e-5;

  // An epsilon above the rounding of gradients, which AdamW would else divide by their own size.
  private static final AdamW ADAM = new AdamW(1e-2, 0.9, 0.98, 1e-3, 0.1);

  /** What is trained in a few updates. */
  private interface Updates {
    List<Double> run(DecoderTrainer trainer);
  }

  /** Losses and norms of gradients, and what was trained in the end. */
  private record Outcome(List<Double> figures, Map<String, float[]> values) {}

  private static TrainDevices processors(int count) {
    return TrainDevices.of(Collections.nCopies(count, TorchDevice.CPU), OptionalInt.of(1));
  }

  private static Outcome train(TrainOptions options, TrainDevices devices, Updates updates)
      throws IOException {
    try (DecoderTrainer trainer = GoldenTraining.open(options.withDevices(devices))) {
      List<Double> figures = new ArrayList<>();
      for (int step = 1; step <= 3; step++) {
        trainer.seed(step);
        figures.addAll(updates.run(trainer));
        figures.add(trainer.clipGradients(0.5));
        trainer.update(ADAM, step);
        trainer.zeroGradients();
      }
      Map<String, float[]> values = new LinkedHashMap<>();
      trainer.names().forEach(name -> values.put(name, trainer.get(Kind.VALUE, name)));
      return new Outcome(figures, values);
    }
  }

  private static void assertAlike(Outcome expected, Outcome actual, String what) {
    assertEquals(expected.figures.size(), actual.figures.size());
    for (int i = 0; i < expected.figures.size(); i++) {
      double wanted = expected.figures.get(i);
      assertEquals(wanted, actual.figures.get(i), TOLERANCE * wanted, what + ", figure " + i);
    }
    expected.values.forEach(
        (name, values) -> {
          float largest = 0;
          for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          float tolerance = (float) TOLERANCE * largest;
          assertArrayEquals(values, actual.values.get(name), tolerance, what + ", " + name);
        });
  }

  /** Two accumulated batches, the first of fewer texts than there are devices. */
  private static List<Double> language(DecoderTrainer trainer) {
    return List.of(
        trainer.addMaskedLoss(masked(true), 0.25), trainer.addMaskedLoss(sentences(), 0.75));
  }

  /** Negatives stand on other devices than their queries, at once and in parts. */
  private static List<Double> contrast(DecoderTrainer trainer) {
    MatryoshkaDims dims = new MatryoshkaDims(List.of(16, 8), List.of(1.0, 0.5));
    return List.of(
        trainer.addContrastiveLoss(triples(), 2, 20, 0.5),
        trainer.addContrastiveLoss(triplesInParts(2), 2, 20, dims, 0.25),
        trainer.addContrastiveLoss(triplesInParts(1), 2, 20, 0.25));
  }

  private static List<Double> distill(DecoderTrainer trainer) {
    float[] flat = GoldenTraining.rule("teacher", 0, 6 * 12, 0.5);
    float[][] teacher = new float[6][];
    Arrays.setAll(teacher, i -> Arrays.copyOfRange(flat, i * 12, (i + 1) * 12));
    DistillationLoss loss =
        new DistillationLoss(1, 0.5, 0.5, 0.5, 0.1, 0.05, true, MatryoshkaDims.whole(12));
    return List.of(
        trainer.addDistillationLoss(List.of(triples()), 2, teacher, loss, 0.5),
        trainer.addDistillationLoss(triplesInParts(4), 2, teacher, loss, 0.5));
  }

  private static TrainOptions options(TrainableParameters trained, LanguageModelHead head) {
    return TrainOptions.of(trained, head, 64, 42);
  }

  private static void assertDevicesTrainAlike(TrainOptions options, Updates updates)
      throws IOException {
    for (int checkpointing : new int[] {TrainOptions.NEVER, TrainOptions.ALWAYS}) {
      TrainOptions with = options.withCheckpointingBeyond(checkpointing);
      TrainDevices single = TrainDevices.one(TorchDevice.CPU);
      Outcome one = train(with, with.drawsDropout() ? processors(1) : single, updates);
      for (int count = 2; count <= 3; count++) {
        assertAlike(one, train(with, processors(count), updates), count + " devices");
      }
    }
  }

  @Test
  void languageModellingIsThatOfOneDevice() throws IOException {
    for (LanguageModelHead head : List.of(LanguageModelHead.TRAINED, LanguageModelHead.TIED)) {
      assertDevicesTrainAlike(options(lora(0), head), ReplicasTest::language);
      assertDevicesTrainAlike(options(new AllParameters(), head), ReplicasTest::language);
    }
  }

  @Test
  void contrastIsThatOfOneDevice() throws IOException {
    assertDevicesTrainAlike(options(lora(0), LanguageModelHead.NONE), ReplicasTest::contrast);
    assertDevicesTrainAlike(
        options(new AllParameters(), LanguageModelHead.NONE), ReplicasTest::contrast);
  }

  @Test
  void distillationIsThatOfOneDevice() throws IOException {
    TrainOptions options =
        GoldenTraining.with(
            options(new AllParameters(), LanguageModelHead.NONE), DType.FLOAT32, 12);
    assertDevicesTrainAlike(options, ReplicasTest::distill);
  }

  @Test
  void dropoutIsThatOfOneDevice() throws IOException {
    assertDevicesTrainAlike(
        dropping(options(lora(0.3), LanguageModelHead.TRAINED), 0.2, 0), ReplicasTest::language);
    assertDevicesTrainAlike(
        dropping(options(new AllParameters(), LanguageModelHead.TRAINED), 0.2, 0.5),
        ReplicasTest::language);
    assertDevicesTrainAlike(
        dropping(options(lora(0.3), LanguageModelHead.NONE), 0.2, 0), ReplicasTest::contrast);
    assertDevicesTrainAlike(
        dropping(options(new AllParameters(), LanguageModelHead.NONE), 0.3, 0),
        ReplicasTest::contrast);
  }

  /** Without a layer nothing of an adapter has a part in the loss. */
  @Test
  void adaptersTrainWhereAllLayersAreLeftOut() throws IOException {
    TrainOptions options = dropping(options(lora(0), LanguageModelHead.TIED), 0, 0.9);
    double[] expected = lossesOfBoth(options.withDevices(processors(1)));
    for (int checkpointing : new int[] {TrainOptions.NEVER, TrainOptions.ALWAYS}) {
      for (int devices = 1; devices <= 2; devices++) {
        TrainOptions with =
            options.withDevices(processors(devices)).withCheckpointingBeyond(checkpointing);
        assertArrayEquals(expected, lossesOfBoth(with), 1e-5);
      }
    }
  }

  private static double[] lossesOfBoth(TrainOptions options) throws IOException {
    try (DecoderTrainer trainer = GoldenTraining.open(options)) {
      return DoubleStream.generate(
              () ->
                  trainer.addMaskedLoss(sentences(), 1)
                      + trainer.addContrastiveLoss(triples(), 2, 20, 1))
          .limit(10)
          .toArray();
    }
  }

  /** The losses that Hugging Face's transformers and PEFT gave, see DecoderTrainerTest. */
  @Test
  void severalDevicesEqualPython() throws IOException {
    double[] maskedLosses = {2.980630, 2.544767, 2.175575, 1.887173};
    double[] contrastiveLosses = {0.589654, 0.497329, 0.353414, 0.134788};
    AdamW adam = AdamW.withLearningRate(1e-2);
    try (DecoderTrainer language =
            GoldenTraining.open(
                options(lora(0), LanguageModelHead.TRAINED).withDevices(processors(2)));
        DecoderTrainer contrast =
            GoldenTraining.open(
                options(lora(0), LanguageModelHead.NONE).withDevices(processors(3)))) {
      for (int step = 0; step < 4; step++) {
        assertEquals(maskedLosses[step], language.addMaskedLoss(masked(false), 1), 1e-6);
        assertEquals(
            contrastiveLosses[step], contrast.addContrastiveLoss(triples(), 2, 20, 1), 2e-6);
        for (DecoderTrainer trainer : List.of(language, contrast)) {
          trainer.clipGradients(1);
          trainer.update(adam, step + 1);
          trainer.zeroGradients();
        }
      }
    }
  }

  /** By text it is drawn with the same probabilities as PyTorch's own. */
  @Test
  void dropoutByTextHasTheDistributionOfDropout() throws IOException {
    for (double[] rates : new double[][] {{0.3, 0, 0}, {0, 0.3, 0}, {0, 0, 0.4}}) {
      TrainableParameters trained = rates[2] > 0 ? new AllParameters() : lora(rates[0]);
      TrainOptions options =
          dropping(options(trained, LanguageModelHead.TRAINED), rates[1], rates[2]);
      double[] expected = losses(options);
      double[] actual = losses(options.withDevices(processors(2)));
      double error = Math.sqrt((variance(expected) + variance(actual)) / expected.length);
      assertEquals(mean(expected), mean(actual), 4 * error, Arrays.toString(rates));
      assertTrue(error > 0);
      double spread = variance(expected);
      assertEquals(spread, variance(actual), 0.4 * spread, Arrays.toString(rates));
    }
  }

  private static double[] losses(TrainOptions options) throws IOException {
    try (DecoderTrainer trainer = GoldenTraining.open(options)) {
      return DoubleStream.generate(() -> trainer.addMaskedLoss(sentences(), 0))
          .limit(400)
          .toArray();
    }
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static double variance(double[] values) {
    double mean = mean(values);
    return Arrays.stream(values).map(value -> (value - mean) * (value - mean)).average().orElse(0);
  }

  @Test
  void evaluatesWithAllDevices() throws IOException {
    TrainOptions options = options(lora(0.3), LanguageModelHead.TRAINED);
    try (DecoderTrainer one = GoldenTraining.open(options);
        DecoderTrainer three = GoldenTraining.open(options.withDevices(processors(3)))) {
      MaskedLanguageModelScore expected = one.maskedScore(sentences());
      MaskedLanguageModelScore actual = three.maskedScore(sentences());
      assertEquals(expected.meanLoss(), actual.meanLoss(), 1e-6);
      assertEquals(expected.predictions(), actual.predictions());
      assertEquals(expected.correct(), actual.correct());
      float[][] vectors = one.embed(triples());
      float[][] divided = three.embed(triples());
      assertEquals(vectors.length, divided.length);
      for (int row = 0; row < vectors.length; row++) {
        assertArrayEquals(vectors[row], divided[row], 1e-5f);
      }
    }
  }

  @Test
  void namesTheDeviceThatFailsAndWaitsForTheOthers() throws IOException {
    TrainOptions options = options(lora(0), LanguageModelHead.NONE).withDevices(processors(3));
    List<Integer> done = Collections.synchronizedList(new ArrayList<>());
    try (TensorSource tensors = Safetensors.openFolder(GoldenTraining.FOLDER);
        Replicas replicas =
            Replicas.open(
                GoldenTraining.spec(),
                CheckpointWeights.of(tensors, "golden"),
                options,
                LoadListener.NONE)) {
      DeviceException failure =
          assertThrows(
              DeviceException.class,
              () ->
                  replicas.each(
                      List.of(0, 1, 2),
                      (copy, share) -> {
                        if (share != 1) {
                          return done.add(share);
                        }
                        return copy.call(
                            "no such method",
                            triples(),
                            BatchInputs.Pass.EVALUATION,
                            scope -> List.of(),
                            (scope, value) -> true);
                      }));
      assertTrue(failure.getMessage().contains("cpu:1"), failure.getMessage());
      assertEquals(2, done.size());
    }
  }

  @Test
  void dividesByWeightInOrder() {
    assertArrayEquals(new int[] {0, 2, 4}, PackedBatch.bounds(new int[] {3, 3, 3, 3}, 2));
    assertArrayEquals(new int[] {0, 1, 2}, PackedBatch.bounds(new int[] {1, 9}, 2));
    assertArrayEquals(new int[] {0, 3, 4}, PackedBatch.bounds(new int[] {1, 1, 1, 9}, 2));
    assertArrayEquals(new int[] {0, 0, 1, 1}, PackedBatch.bounds(new int[] {5}, 3));
    List<PackedBatch> parts = triples().split(4);
    assertEquals(6, parts.stream().mapToInt(PackedBatch::texts).sum());
    assertEquals(triples().tokens(), parts.stream().mapToInt(PackedBatch::tokens).sum());
    assertThrows(
        IllegalStateException.class,
        () -> new PackedBatch.Builder().add(new int[] {1}, 0).nextVector().build().split(2));
  }
}
