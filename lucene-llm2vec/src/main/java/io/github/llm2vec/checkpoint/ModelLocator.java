/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.files.CacheFolder;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubCache;
import io.github.llm2vec.hub.HubId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the folder of a model: named by a path, by a jar on the class path or by a hub id. */
final class ModelLocator {

  private final ResolverOptions options;
  private final HubCache cache;
  private final BundledModels bundled;
  private final HubFetcher fetcher;

  /** Fetches a model into the cache. */
  @FunctionalInterface
  interface HubFetcher {

    /** Returns the folder of the complete snapshot. */
    Path fetch(HubId id) throws IOException;
  }

  ModelLocator(ResolverOptions options, HubFetcher fetcher) {
    this(options, BundledModels.onClassPath(), fetcher);
  }

  ModelLocator(ResolverOptions options, BundledModels bundled, HubFetcher fetcher) {
    this.options = options;
    this.bundled = bundled;
    this.cache = new HubCache(options.environment().cache());
    this.fetcher = fetcher;
  }

  /**
   * A model that was found.
   *
   * @param folder its files
   * @param hubId the id it was found by, or empty for a folder
   */
  record Located(ModelFolder folder, Optional<HubId> hubId) {}

  /**
   * Finds a model: a folder of that name if there is one, as in Hugging Face's loaders, else a
   * model on the class path, else a hub id.
   *
   * @throws ModelUnavailableException if there is neither, or it lies outside the root
   */
  Located locate(String reference) throws IOException {
    Optional<Path> folder = folder(reference);
    if (folder.isPresent()) {
      ModelFolder model =
          options.root().isPresent()
              ? ModelFolder.inside(options.root().get(), folder.get())
              : ModelFolder.unfenced(folder.get());
      return new Located(model, Optional.empty());
    }
    Optional<Path> gguf = path(reference).filter(GgufFolder::isGguf);
    if (gguf.isPresent()) {
      return new Located(unpacked(gguf.get()), Optional.empty());
    }
    Optional<BundledModel> known = bundled.named(reference);
    if (known.isPresent()) {
      Path unpacked = known.get().folder();
      return new Located(ModelFolder.inside(unpacked, unpacked), Optional.empty());
    }
    Optional<HubId> id = HubId.parse(reference);
    if (id.isEmpty()) {
      throw new ModelUnavailableException(
          "'" + reference + "'",
          "is no folder"
              + options.root().map(root -> " in " + root).orElse("")
              + bundled.hint()
              + ", no .gguf file and no hub id (organisation/name or organisation/name@revision)",
          "Correct the name");
    }
    return new Located(snapshot(id.get()), id);
  }

  private Optional<Path> folder(String reference) {
    return path(reference).filter(Files::isDirectory);
  }

  private Optional<Path> path(String reference) {
    if (reference.isBlank()) {
      return Optional.empty();
    }
    try {
      Path path =
          options.root().map(root -> root.resolve(reference)).orElseGet(() -> Path.of(reference));
      return Optional.of(path.normalize());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** A GGUF file must lie inside the root, like a folder; what is made of its header need not. */
  private ModelFolder unpacked(Path file) throws IOException {
    if (options.root().isPresent()) {
      ModelFolder.inside(options.root().get(), file.toAbsolutePath().resolveSibling(""))
          .file(file.getFileName().toString());
    }
    Path cache = CacheFolder.of(System.getenv(), Path.of(System.getProperty("user.home", ".")));
    return ModelFolder.ofGguf(GgufFolder.of(file, cache), file);
  }

  private ModelFolder snapshot(HubId id) throws IOException {
    Optional<Path> cached = cache.snapshot(id);
    if (cached.isPresent()) {
      ModelFolder folder = ModelFolder.inside(cache.root(), cached.get());
      if (!mayFetch() || ModelFiles.complete(folder)) {
        return folder;
      }
    }
    if (!mayFetch()) {
      throw new ModelUnavailableException(
          id.toString(),
          "is no folder%s and not in the hub's cache %s, and downloads are not allowed%s"
              .formatted(
                  options.root().map(root -> " in " + root).orElse(""),
                  cache.root(),
                  options.environment().offline() ? " (HF_HUB_OFFLINE is set)" : ""),
          "Allow downloads, place the model in the cache or name its folder");
    }
    return ModelFolder.inside(cache.root(), fetcher.fetch(id));
  }

  private boolean mayFetch() {
    return options.allowDownloads() && !options.environment().offline();
  }
}
