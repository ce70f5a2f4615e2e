/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.hub.DownloadListener;
import io.github.llm2vec.hub.HubEnvironment;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Options for finding models: allowed folders, the hub, downloads.
 *
 * @param root folder that all model folders must lie in, links included; relative folders are then
 *     relative to it. Empty for any folder. Hub ids are looked up in the hub's cache in any case.
 * @param allowDownloads whether models of a hub that are not in its cache may be fetched
 * @param environment the hub and its cache
 * @param listener told how downloads proceed
 */
public record ResolverOptions(
    Optional<Path> root,
    boolean allowDownloads,
    HubEnvironment environment,
    DownloadListener listener) {

  /** Any folder, the hub's cache, no downloads. */
  public static ResolverOptions local(HubEnvironment environment) {
    return new ResolverOptions(Optional.empty(), false, environment, DownloadListener.NONE);
  }

  /** The same with all model folders confined to one. */
  public ResolverOptions within(Path folder) {
    return new ResolverOptions(Optional.of(folder), allowDownloads, environment, listener);
  }

  /** The same with another folder of the hub's cache. */
  public ResolverOptions cachedIn(Path cache) {
    HubEnvironment hub =
        new HubEnvironment(
            cache, environment.endpoint(), environment.token(), environment.offline());
    return new ResolverOptions(root, allowDownloads, hub, listener);
  }

  /** The same with downloads allowed. */
  public ResolverOptions downloading(DownloadListener progress) {
    return new ResolverOptions(root, true, environment, progress);
  }
}
