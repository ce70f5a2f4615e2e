/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.hub.HubEnvironment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Location of a model: its name, its adapters, and where they may be looked for.
 *
 * @param model folder or hub id of a model, or of an adapter that names its base
 * @param adapters folders or hub ids of further adapters, merged in this order
 * @param resolver where models may be looked for, and whether they may be fetched
 */
public record ModelSource(String model, List<String> adapters, ResolverOptions resolver) {

  /** Copies the list. */
  public ModelSource {
    adapters = List.copyOf(adapters);
  }

  /** A model folder; adapters it names are looked for in folders and in the local hub cache. */
  public static ModelSource of(Path folder) {
    return of(folder.toString(), List.of(), System.getenv());
  }

  /**
   * A folder or a hub id with adapters, looked for locally.
   *
   * @param environment variables such as {@code HF_HOME}; usually {@code System.getenv()}
   */
  public static ModelSource of(
      String model, List<String> adapters, Map<String, String> environment) {
    Path home = Path.of(System.getProperty("user.home", "."));
    return new ModelSource(
        model, adapters, ResolverOptions.local(HubEnvironment.of(environment, home)));
  }
}
