/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** Files that {@code src/test/python/make_model_fixtures.py} made. */
public final class Fixtures {

  private Fixtures() {}

  /** Path of a fixture. */
  public static Path path(String name) {
    try {
      return Path.of(Fixtures.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A fixture that is JSON. */
  public static JsonNode json(String name) throws IOException {
    return new JsonMapper().readTree(path(name).toFile());
  }

  /** All elements of a tensor. */
  public static float[] readAll(TensorSource source, String name) throws IOException {
    long elements = 1;
    for (long dimension : source.shape(name).orElseThrow()) {
      elements *= dimension;
    }
    float[] values = new float[Math.toIntExact(elements)];
    source.read(name, 0, FloatBuffer.wrap(values));
    return values;
  }
}
