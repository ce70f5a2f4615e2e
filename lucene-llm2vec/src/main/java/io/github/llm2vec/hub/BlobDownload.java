/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubListing.RemoteFile;
import io.github.llm2vec.hub.HubRequests.Gain;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fetches one content into the cache's {@code blobs}: written to {@code ETAG.incomplete} under a
 * file lock, continued where an earlier attempt ended, checked by size and hash, then renamed.
 */
final class BlobDownload {

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");
  private static final long NOTICE_BYTES = 4 << 20;
  // Getting that far is worth counting failures anew.
  private static final long GAIN_BYTES = 1 << 20;

  private final HubId id;
  private final RemoteFile file;
  private final URI uri;
  private final HubHttp http;
  private final HubRequests requests;
  private final DownloadListener listener;
  private int mismatches;

  BlobDownload(
      HubId id,
      RemoteFile file,
      URI uri,
      HubHttp http,
      HubRequests requests,
      DownloadListener listener) {
    this.id = id;
    this.file = file;
    this.uri = uri;
    this.http = http;
    this.requests = requests;
    this.listener = listener;
  }

  /**
   * Makes one attempt.
   *
   * @param blob where the content shall lie; its name is the entity tag
   * @throws ModelException if no further attempt can help
   */
  void attempt(Path blob, Gain gain) throws IOException {
    if (Files.isRegularFile(blob)) {
      return;
    }
    Path incomplete = blob.resolveSibling(blob.getFileName() + ".incomplete");
    Files.createDirectories(blob.getParent());
    try (FileChannel channel =
        FileChannel.open(incomplete, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      lock(channel);
      long start = channel.size();
      boolean complete = file.size().isPresent() && start == file.size().get();
      if (!complete) {
        transfer(channel, start, gain);
      }
      channel.force(true);
    }
    verify(incomplete, blob.getFileName().toString());
    publish(incomplete, blob);
  }

  /** Keeps other downloads away until the channel is closed. */
  private void lock(FileChannel channel) throws IOException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // Another thread of this process holds it.
      locked = false;
    }
    if (!locked) {
      throw new ModelUnavailableException(
          id.toString(),
          file.name() + " is being fetched by somebody else",
          "Wait for that to end and try again");
    }
  }

  private void transfer(FileChannel channel, long start, Gain gain) throws IOException {
    try (HubResponse reply = http.get(uri, start)) {
      if (reply.status() == 416) {
        channel.truncate(0);
        throw new IOException("the hub has no more than " + start + " bytes of " + file.name());
      }
      requests.requireOk(id, file.name(), reply);
      long position = begin(channel, reply, start);
      long total = total(reply, position);
      listener.progressed(id.toString(), file.name(), position, total);
      long end = receive(channel, reply, position, total, gain);
      if (total >= 0 && end != total) {
        throw new IOException(file.name() + " ended at byte " + end + " of " + total);
      }
      listener.progressed(id.toString(), file.name(), end, end);
    }
  }

  /** Where the answer's bytes belong; a server may ignore that only the rest was asked for. */
  private long begin(FileChannel channel, HubResponse reply, long start) throws IOException {
    if (reply.status() == 200) {
      channel.truncate(0);
      return 0;
    }
    Matcher range = contentRange(reply);
    if (!range.matches() || Long.parseLong(range.group(1)) != start) {
      channel.truncate(0);
      throw new IOException("the hub sent another part of " + file.name() + " than asked for");
    }
    return start;
  }

  private static Matcher contentRange(HubResponse reply) {
    return CONTENT_RANGE.matcher(reply.headers().firstValue("Content-Range").orElse(""));
  }

  private long total(HubResponse reply, long position) {
    if (file.size().isPresent()) {
      return file.size().get();
    }
    Matcher range = contentRange(reply);
    if (range.matches() && !range.group(2).equals("*")) {
      return Long.parseLong(range.group(2));
    }
    return reply
        .number(reply.hubHeaders(), "X-Linked-Size")
        .or(() -> reply.number(reply.headers(), "Content-Length").map(rest -> position + rest))
        .orElse(-1L);
  }

  private long receive(FileChannel channel, HubResponse reply, long start, long total, Gain gain)
      throws IOException {
    long position = start;
    long noticed = start;
    for (Optional<ByteBuffer> piece = reply.body().next();
        piece.isPresent();
        piece = reply.body().next()) {
      ByteBuffer bytes = piece.get();
      if (total >= 0 && bytes.remaining() > total - position) {
        channel.truncate(0);
        throw new IOException(file.name() + " is longer than the " + total + " bytes announced");
      }
      position += write(channel, bytes, position);
      if (position - start >= GAIN_BYTES) {
        gain.gained();
      }
      if (position - noticed >= NOTICE_BYTES) {
        noticed = position;
        listener.progressed(id.toString(), file.name(), position, total);
      }
    }
    return position;
  }

  private long write(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    int count = bytes.remaining();
    try {
      for (long next = position; bytes.hasRemaining(); ) {
        next += channel.write(bytes, next);
      }
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw new ModelUnavailableException(
          id.toString(),
          file.name() + " cannot be written to the cache: " + e.getMessage(),
          "Make room there or choose another place by HF_HUB_CACHE",
          e);
    }
    return count;
  }

  private void verify(Path incomplete, String etag) throws IOException {
    if (ContentHash.agrees(incomplete, etag)) {
      return;
    }
    Files.delete(incomplete);
    mismatches++;
    String problem = file.name() + " arrived with another content than its hash " + etag + " says";
    if (mismatches > 1) {
      throw new ModelUnavailableException(
          id.toString(), problem + ", twice", "Check the proxy or the hub that HF_ENDPOINT names");
    }
    throw new IOException(problem);
  }

  private static void publish(Path incomplete, Path blob) throws IOException {
    try {
      Files.move(incomplete, blob, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // Another process that waited for the lock found it complete and renamed it first.
      if (!Files.isRegularFile(blob)) {
        throw e;
      }
    }
  }
}
