/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A real, small model on the CPU several times over, with one copy of its weights. */
class SeveralDevicesTest {

  private static final ModelSource MODEL =
      ModelSource.of(Path.of("src/test/resources/checkpoints/llama-mha"));

  private static Llm2VecOptions.Builder options(String devices) {
    return Llm2VecOptions.builder().devices(TorchDevice.listOf(devices)).maxBatchTokens(512);
  }

  private static List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      texts.add("text number " + i + " of " + "several ".repeat(i % 40) + "words");
    }
    return texts;
  }

  @Test
  void givesTheVectorsOfOneDevice() throws IOException {
    try (Llm2Vec alone = Llm2Vec.open(MODEL, options("cpu").build());
        Llm2Vec together = Llm2Vec.open(MODEL, options("cpu,cpu,cpu").threads(1).build())) {
      assertEquals("cpu:0, cpu:1, cpu:2", together.facts().device());
      assertEquals(alone.fingerprint(), together.fingerprint());
      float[][] expected = alone.encode(texts(), Prompt.document());
      float[][] vectors = together.encode(texts(), Prompt.document());
      List<TokenizedText> tokenized = together.tokenizeAll(texts(), Prompt.document());
      for (BatchDevice device : together.devices()) {
        float[][] ofDevice = device.encode(tokenized);
        for (int i = 0; i < expected.length; i++) {
          assertArrayEquals(expected[i], vectors[i], 1e-5f);
          assertArrayEquals(expected[i], ofDevice[i], 1e-5f);
        }
      }
    }
  }

  @Test
  void theWeightsLiveUntilTheLastDeviceIsClosed() throws IOException {
    Llm2Vec model = Llm2Vec.open(MODEL, options("cpu,cpu").build());
    model.decoder().close();
    TokenizedText text = model.tokenize("a b", Prompt.document());
    assertEquals(model.dimensions(), model.devices().get(1).encode(List.of(text))[0].length);
    model.close();
    assertThrows(IllegalStateException.class, () -> model.devices().get(1).encode(List.of(text)));
  }

  @Test
  void whatIsNoListOfDevicesIsRefused() {
    assertEquals(
        "device must be cpu, cuda or cuda:N, got ''",
        assertThrows(IllegalArgumentException.class, () -> TorchDevice.listOf("cpu,"))
            .getMessage());
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> TorchDevice.listOf("cuda:1,cuda:1"))
            .getMessage()
            .startsWith("device lists cuda:1 twice"));
    IllegalArgumentException missing =
        assertThrows(
            IllegalArgumentException.class,
            () -> Llm2Vec.open(MODEL, options("cpu,cuda:97").build()));
    assertTrue(missing.getMessage().startsWith("device cuda:97 is not there"), missing::getMessage);
  }
}
