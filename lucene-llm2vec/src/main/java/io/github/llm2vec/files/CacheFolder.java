/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.nio.file.Path;
import java.util.Map;

/** Where this project keeps what can be made again: {@code ~/.cache/llm2vec} unless told else. */
public final class CacheFolder {

  /** Environment variable that names the folder. */
  public static final String VARIABLE = "LLM2VEC_CACHE";

  private CacheFolder() {}

  /**
   * The folder: {@code LLM2VEC_CACHE}, else {@code XDG_CACHE_HOME/llm2vec}, else {@code
   * .cache/llm2vec} in the user's home.
   *
   * @param environment usually {@code System.getenv()}
   * @param userHome the user's home
   */
  public static Path of(Map<String, String> environment, Path userHome) {
    String own = environment.getOrDefault(VARIABLE, "");
    if (!own.isBlank()) {
      return Path.of(own);
    }
    String all = environment.getOrDefault("XDG_CACHE_HOME", "");
    return (all.isBlank() ? userHome.resolve(".cache") : Path.of(all)).resolve("llm2vec");
  }
}
