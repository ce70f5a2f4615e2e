/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingMemoryTest {

  private static TrainingMemory memory(TrainableParameters trained, double attentionDropout)
      throws IOException {
    return TrainingMemory.of(
        GoldenTraining.spec(),
        GoldenTraining.dropping(
            TrainOptions.of(trained, LanguageModelHead.NONE, 64, 42), attentionDropout, 0));
  }

  @Test
  void passesGetWhatTheModelLeaves() {
    TrainingMemory memory = new TrainingMemory(1000, 10);
    assertEquals(80, memory.tokens(2000, 1));
    assertEquals(40, memory.tokens(2000, 2));
    assertEquals(TrainOptions.ALWAYS, memory.tokens(900, 1));
    assertEquals(TrainOptions.NEVER, memory.tokens(1e15, 1));
  }

  @Test
  void trainedWeightsHaveGradientsAndMoments() throws IOException {
    double frozen = memory(GoldenTraining.lora(0), 0).model();
    assertEquals(4 * frozen, memory(new AllParameters(), 0).model());
  }

  @Test
  void droppedAttentionKeepsItsProbabilities() throws IOException {
    double without = memory(GoldenTraining.lora(0), 0).perToken();
    int heads = GoldenTraining.spec().attention().heads();
    int layers = GoldenTraining.spec().layers().size();
    assertTrue(
        memory(GoldenTraining.lora(0), 0.1).perToken() >= without + 4.0 * layers * heads * 64);
  }

  @Test
  void thisMachineHasRoomForAToken() throws IOException {
    assertTrue(memory(GoldenTraining.lora(0), 0).tokens(List.of(TorchDevice.CPU)) > 1);
  }
}
