/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubListing.RemoteFile;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Fetches models from a hub into the local cache, in the layout that Python's huggingface_hub reads
 * and writes. A file appears under its name only when it is complete and its hash is right; what
 * comes before a failure is kept as {@code blobs/ETAG.incomplete} and continued by the next call.
 */
public final class HubDownloader {

  private static final int MAX_LISTING_BYTES = 32 << 20;
  private static final String LISTING = "list of files";

  private final HubEnvironment environment;
  private final FileSelection selection;
  private final DownloadListener listener;
  private final HubCache cache;
  private final HubHttp http;
  private final HubRequests requests;

  public HubDownloader(
      HubEnvironment environment,
      FileSelection selection,
      DownloadListener listener,
      Retries retries) {
    this.environment = environment;
    this.selection = selection;
    this.listener = listener;
    this.cache = new HubCache(environment.cache());
    this.http = new HubHttp(environment);
    this.requests = new HubRequests(environment, http, retries);
  }

  /**
   * Fetches what is needed of a model and not there yet.
   *
   * @return the folder of the snapshot
   * @throws ModelUnavailableException if the hub does not have it, does not give it or cannot be
   *     reached
   */
  public Path fetch(HubId id) throws IOException {
    HubListing listing = list(id);
    Path snapshot = cache.snapshotFolder(id, listing.commit());
    Files.createDirectories(snapshot);
    fetchAll(id, listing, selection.configuration(listing.files().keySet()));
    fetchAll(id, listing, selection.weights(listing.files().keySet(), snapshot));
    cache.writeRef(id, listing.commit());
    return snapshot;
  }

  private HubListing list(HubId id) throws IOException {
    String revision = URLEncoder.encode(id.revision(), StandardCharsets.UTF_8);
    URI uri = uri("/api/models/" + id.repository() + "/revision/" + revision + "?blobs=true");
    byte[] answer =
        requests.attempt(
            id,
            LISTING,
            gain -> {
              try (HubResponse reply = http.get(uri, 0)) {
                requests.requireOk(id, LISTING, reply);
                return reply.body().readAll(MAX_LISTING_BYTES);
              }
            });
    return HubListing.parse(id, answer);
  }

  private void fetchAll(HubId id, HubListing listing, List<String> names) throws IOException {
    for (String name : names) {
      if (!Files.isRegularFile(cache.snapshotFolder(id, listing.commit()).resolve(name))) {
        fetch(id, listing.commit(), Objects.requireNonNull(listing.files().get(name), name));
      }
    }
  }

  private void fetch(HubId id, String commit, RemoteFile file) throws IOException {
    URI uri = uri("/" + id.repository() + "/resolve/" + commit + "/" + file.name());
    BlobDownload download = new BlobDownload(id, file, uri, http, requests, listener);
    Path blob =
        requests.attempt(
            id,
            file.name(),
            gain -> {
              String etag = file.hash().isPresent() ? file.hash().get() : askForTag(id, file, uri);
              Path target = cache.blob(id, etag);
              download.attempt(target, gain);
              return target;
            });
    cache.link(id, commit, file.name(), blob);
  }

  /** A mirror that does not list hashes tells them with the file. */
  private String askForTag(HubId id, RemoteFile file, URI uri) throws IOException {
    try (HubResponse reply = http.get(uri, 0)) {
      requests.requireOk(id, file.name(), reply);
      return reply
          .etag()
          .orElseThrow(
              () ->
                  new ModelUnavailableException(
                      id.toString(),
                      file.name() + " came without a usable ETag",
                      "Check that HF_ENDPOINT is a hub"));
    }
  }

  private URI uri(String path) {
    return URI.create(environment.endpoint() + path);
  }

  /** Chooses which files of a hub's repository are downloaded. */
  public interface FileSelection {

    /** The files that are fetched first, which say what else is needed. */
    List<String> configuration(Collection<String> available);

    /**
     * The weight files.
     *
     * @param snapshot where the files of {@link #configuration} lie by now
     */
    List<String> weights(Collection<String> available, Path snapshot) throws IOException;
  }
}
