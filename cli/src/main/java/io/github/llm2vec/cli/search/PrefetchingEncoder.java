/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Encodes a file's queries in batches although searching asks for one at a time. Not thread-safe;
 * closing it leaves the encoder behind it open.
 */
public final class PrefetchingEncoder implements TextEncoder {

  private final TextEncoder encoder;
  private final Map<Key, float[]> ready = new HashMap<>();

  private record Key(String text, Prompt prompt) {}

  /** An encoder in front of another one, which stays the caller's. */
  public PrefetchingEncoder(TextEncoder encoder) {
    this.encoder = encoder;
  }

  /** Forgets what was ready and encodes these texts at once. */
  public void prefetch(List<String> texts, Prompt prompt) {
    ready.clear();
    List<String> distinct = texts.stream().distinct().toList();
    float[][] vectors = encoder.encode(distinct, prompt);
    for (int i = 0; i < vectors.length; i++) {
      ready.put(new Key(distinct.get(i), prompt), vectors[i]);
    }
  }

  @Override
  public int dimensions() {
    return encoder.dimensions();
  }

  @Override
  public String fingerprint() {
    return encoder.fingerprint();
  }

  @Override
  public float[][] encode(List<String> texts, Prompt prompt) {
    if (texts.size() == 1) {
      float[] vector = ready.get(new Key(texts.get(0), prompt));
      if (vector != null) {
        return new float[][] {vector.clone()};
      }
    }
    return encoder.encode(texts, prompt);
  }

  @Override
  public void close() {
    ready.clear();
  }
}
