/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/**
 * The local cache of a hub in the layout that all of Hugging Face's libraries share: {@code
 * models--ORG--NAME/} with {@code blobs/ETAG} (the contents), {@code snapshots/COMMIT/FILE} (links
 * to them) and {@code refs/REVISION} (the commit of a branch or tag).
 *
 * @param root the folder that holds the whole cache
 */
public record HubCache(Path root) {

  private static final int MAX_REF_BYTES = 200;

  /** The snapshot of an id's revision, if there is one; it need not be complete. */
  public Optional<Path> snapshot(HubId id) throws IOException {
    Optional<String> commit = id.pinned() ? Optional.of(id.revision()) : commit(id);
    return commit.map(c -> snapshotFolder(id, c)).filter(Files::isDirectory);
  }

  private Optional<String> commit(HubId id) throws IOException {
    Path ref = repository(id).resolve("refs").resolve(id.revision());
    if (!Files.isRegularFile(ref) || Files.size(ref) > MAX_REF_BYTES) {
      return Optional.empty();
    }
    String commit = Files.readString(ref, StandardCharsets.US_ASCII).strip();
    return HubId.isCommit(commit) ? Optional.of(commit) : Optional.empty();
  }

  /** Where the files of a commit appear. */
  Path snapshotFolder(HubId id, String commit) {
    return repository(id).resolve("snapshots").resolve(commit);
  }

  /** Where a content with this entity tag lies once it is complete. */
  Path blob(HubId id, String etag) {
    return repository(id).resolve("blobs").resolve(etag);
  }

  /** Notes which commit a branch or tag stood at. */
  void writeRef(HubId id, String commit) throws IOException {
    if (id.pinned()) {
      return;
    }
    Path ref = repository(id).resolve("refs").resolve(id.revision());
    Files.createDirectories(ref.getParent());
    Path temporary = ref.resolveSibling("." + UUID.randomUUID() + ".tmp");
    try {
      Files.writeString(temporary, commit, StandardCharsets.US_ASCII);
      Files.move(
          temporary, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Makes a complete blob appear as a file of a snapshot: as a link, or a copy without links. */
  void link(HubId id, String commit, String file, Path blob) throws IOException {
    Path pointer = snapshotFolder(id, commit).resolve(file);
    Path folder = pointer.resolveSibling("");
    Files.createDirectories(folder);
    if (Files.isRegularFile(pointer)) {
      return;
    }
    // A link whose blob is gone is replaced.
    Files.deleteIfExists(pointer);
    try {
      Files.createSymbolicLink(pointer, folder.relativize(blob));
    } catch (FileAlreadyExistsException e) {
      // Another process made the same link; its content has the same hash.
      if (!Files.isRegularFile(pointer)) {
        throw e;
      }
    } catch (UnsupportedOperationException | FileSystemException e) {
      copy(blob, pointer);
    }
  }

  private static void copy(Path blob, Path pointer) throws IOException {
    Path temporary = pointer.resolveSibling("." + UUID.randomUUID() + ".tmp");
    try {
      Files.copy(blob, temporary);
      Files.move(temporary, pointer, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private Path repository(HubId id) {
    return root.resolve(id.cacheFolder());
  }
}
