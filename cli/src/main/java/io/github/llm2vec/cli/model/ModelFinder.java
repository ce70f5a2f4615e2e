/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.hub.HubEnvironment;
import java.io.IOException;

/**
 * Finds the parts of a model without opening it, fetching them if the user allowed that.
 *
 * @param console shows downloads
 * @param surroundings where the hub's cache lies
 */
public record ModelFinder(Console console, CliEnvironment surroundings) {

  /**
   * Where models may be looked for, in the hub, too, if the user allowed that; downloads are shown.
   */
  public ResolverOptions resolver(boolean allowDownload, LoadingDisplay display) {
    ResolverOptions local = ResolverOptions.local(hub());
    return allowDownload ? local.downloading(display::downloaded) : local;
  }

  /** The hub and its local cache. */
  public HubEnvironment hub() {
    return HubEnvironment.of(surroundings.environment(), surroundings.userHome());
  }

  /** Finds a model. */
  public ResolvedCheckpoint find(boolean allowDownload, CheckpointResolver.Request request)
      throws IOException {
    try (LoadingDisplay display = new LoadingDisplay(console)) {
      return new CheckpointResolver(resolver(allowDownload, display)).resolve(request);
    }
  }
}
