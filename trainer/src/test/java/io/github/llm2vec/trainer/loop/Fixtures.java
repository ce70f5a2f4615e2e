/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import io.github.llm2vec.trainer.loop.Trainer.TrainableModel;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** What tests of whole runs share. */
final class Fixtures {

  static final Path CHECKPOINTS =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints");
  static final Path DATA = Path.of("src/test/resources/io/github/llm2vec/trainer/loop");

  /** A tiny Llama with an output layer of its own. */
  static final Path LLAMA = CHECKPOINTS.resolve("llama-mha");

  private Fixtures() {}

  static TrainingRuns.Environment environment(TrainerCallback... listeners) {
    return environment(() -> false, listeners);
  }

  static TrainingRuns.Environment environment(BooleanSupplier stop, TrainerCallback... listeners) {
    ResolverOptions models =
        ResolverOptions.local(HubEnvironment.of(Map.of(), Path.of("target", "no-home")));
    return new TrainingRuns.Environment(models, LoadListener.NONE, List.of(listeners), stop, 1);
  }

  /** Gives an adapter the weights that the oracle began with. */
  static void fill(TrainableModel model) {
    for (String name : model.names()) {
      if (name.contains(".lora_")) {
        long elements = model.shape(name).stream().reduce(1L, Math::multiplyExact);
        model.write(Part.VALUE, name, 0, FloatBuffer.wrap(rule(name, (int) elements)));
      }
    }
  }

  private static float[] rule(String name, int count) {
    int sum = 0;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      sum += b & 0xFF;
    }
    float[] values = new float[count];
    for (int k = 0; k < count; k++) {
      values[k] = (float) (0.1 * Math.sin(0.37 * k + 0.11 * sum));
    }
    return values;
  }
}
