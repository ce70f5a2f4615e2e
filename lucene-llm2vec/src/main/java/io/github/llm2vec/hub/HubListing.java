/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A hub's answer about a revision of a model ({@code /api/models/ID/revision/REVISION?blobs=true}).
 *
 * @param commit the commit that the revision stands for
 * @param files its files by name
 */
public record HubListing(String commit, Map<String, RemoteFile> files) {

  public HubListing {
    files = Collections.unmodifiableMap(new LinkedHashMap<>(files));
  }

  /**
   * A file of a repository.
   *
   * @param name path in the repository
   * @param size in bytes, if the hub says it
   * @param hash SHA-256 of a large file or git hash of a small one, if the hub says it
   */
  record RemoteFile(String name, Optional<Long> size, Optional<String> hash) {}

  /**
   * Reads the answer.
   *
   * @param id what was asked for
   * @throws ModelFormatException if it is not what a hub answers
   */
  public static HubListing parse(HubId id, byte[] answer) throws ModelFormatException {
    Path source = Path.of("api", "models", id.repository());
    JsonObject json = JsonObject.parse(source, answer);
    String commit = json.text("sha").orElse("");
    if (!HubId.isCommit(commit)) {
      throw json.unsupported(
          "sha", "is no commit: " + json.shown("sha"), "Check that HF_ENDPOINT is a hub");
    }
    Map<String, RemoteFile> files = new LinkedHashMap<>();
    for (JsonObject sibling : json.objects("siblings")) {
      String name = sibling.text("rfilename").orElse("");
      files.put(name, new RemoteFile(name, sibling.size("size"), hash(sibling)));
    }
    return new HubListing(commit, files);
  }

  private static Optional<String> hash(JsonObject sibling) throws ModelFormatException {
    Optional<JsonObject> lfs = sibling.object("lfs");
    Optional<String> hash = lfs.isPresent() ? lfs.get().text("sha256") : sibling.text("blobId");
    return hash.filter(text -> text.matches(lfs.isPresent() ? "[0-9a-f]{64}" : "[0-9a-f]{40}"));
  }
}
