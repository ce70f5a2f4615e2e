/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.checkpoint.CheckpointMerger;
import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.util.VectorUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A merged checkpoint against the chain it was made of, whose vectors are compared with Python's in
 * {@link CheckpointExactnessTest}.
 */
class MergedCheckpointTest {

  private static final Path CHAIN = Path.of("src/test/resources/checkpoints/chain-local");
  private static final List<String> TEXTS =
      List.of("Felines say meow", "A much longer text __init__ of several words, and more.", "x");

  @TempDir private Path folder;

  @Test
  void givesTheVectorsOfTheChain() throws IOException {
    for (List<String> adapters :
        List.of(List.<String>of(), List.of(CHAIN.resolve("patterns").toString()))) {
      ModelSource chain = ModelSource.of(CHAIN.resolve("mntp").toString(), adapters, Map.of());
      Path merged = folder.resolve("merged-" + adapters.size());
      long[] last = {0, 0};
      merger(chain, Optional.of(DType.FLOAT32))
          .merge(
              merged,
              (done, total) -> {
                assertTrue(done > last[0] && done <= total);
                last[0] = done;
                last[1] = total;
              });
      assertEquals(last[1], last[0]);
      compare(chain, merged);
    }
  }

  @Test
  void keepsTheStoredFormat() throws IOException {
    ModelSource chain =
        ModelSource.of(
            CHAIN.resolve("mntp").toString(),
            List.of(CHAIN.resolve("patterns").toString()),
            Map.of());
    Path merged = folder.resolve("merged");
    merger(chain, Optional.empty()).merge(merged, (done, total) -> {});
    double base = Files.size(CHAIN.resolve("base/model.safetensors"));
    assertEquals(base, (double) Files.size(merged.resolve("model.safetensors")), 512);
    // Rounded after each adapter; a chain that is opened in bfloat16 is rounded once.
    Llm2VecOptions options = Llm2VecOptions.builder().dtype(DType.BFLOAT16).normalize(true).build();
    try (Llm2Vec a = Llm2Vec.open(chain, options);
        Llm2Vec b = Llm2Vec.open(ModelSource.of(merged), options)) {
      float[][] opened = a.encode(TEXTS, Prompt.document());
      float[][] stored = b.encode(TEXTS, Prompt.document());
      for (int text = 0; text < opened.length; text++) {
        double cosine = VectorUtil.dotProduct(opened[text], stored[text]);
        assertTrue(cosine > 0.999, TEXTS.get(text) + ": cosine " + cosine);
      }
    }
  }

  @Test
  void keepsAttentionThatOnlyTheRequestSaid() throws IOException {
    ModelSource chain = ModelSource.of(CHAIN.resolve("base").toString(), List.of(), Map.of());
    ResolvedCheckpoint causal =
        new CheckpointResolver(chain.resolver())
            .resolve(new CheckpointResolver.Request(chain.model(), List.of(), Optional.of(false)));
    Path merged = folder.resolve("merged");
    new CheckpointMerger(causal, Optional.empty()).merge(merged, (done, total) -> {});
    try (Llm2Vec a =
            Llm2Vec.open(chain, Llm2VecOptions.builder().enableBidirectional(false).build());
        Llm2Vec b = Llm2Vec.open(merged)) {
      assertEqual(a.encode(TEXTS, Prompt.document()), b.encode(TEXTS, Prompt.document()), 1e-6);
    }
  }

  @Test
  void neverOverwritesAModel() throws IOException {
    ModelSource chain = ModelSource.of(CHAIN.resolve("base").toString(), List.of(), Map.of());
    Path merged = folder.resolve("merged");
    merger(chain, Optional.empty()).merge(merged, (done, total) -> {});
    assertThrows(
        FileAlreadyExistsException.class,
        () -> merger(chain, Optional.empty()).merge(merged, (done, total) -> {}));
  }

  private static CheckpointMerger merger(ModelSource source, Optional<DType> dtype)
      throws IOException {
    return new CheckpointMerger(
        new CheckpointResolver(source.resolver())
            .resolve(
                new CheckpointResolver.Request(
                    source.model(), source.adapters(), Optional.empty())),
        dtype);
  }

  private static void compare(ModelSource chain, Path merged) throws IOException {
    Llm2VecOptions options = Llm2VecOptions.builder().dtype(DType.FLOAT32).normalize(true).build();
    try (Llm2Vec a = Llm2Vec.open(chain, options);
        Llm2Vec b = Llm2Vec.open(ModelSource.of(merged), options)) {
      assertEquals(a.settings(), b.settings());
      for (Prompt prompt : List.of(Prompt.document(), Prompt.query("Given a text, find it"))) {
        assertEqual(a.encode(TEXTS, prompt), b.encode(TEXTS, prompt), 1e-6);
      }
    }
  }

  private static void assertEqual(float[][] expected, float[][] actual, double tolerance) {
    for (int row = 0; row < expected.length; row++) {
      for (int i = 0; i < expected[row].length; i++) {
        assertEquals(expected[row][i], actual[row][i], tolerance, TEXTS.get(row) + " " + i);
      }
    }
  }
}
