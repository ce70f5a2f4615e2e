/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.search.IndexFolder;
import io.github.llm2vec.files.ContentHash;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;

/**
 * The Solr home folder of the demo. The one that the user named is gone on with and never emptied;
 * the demo's own, in the cache, is kept for the next start and emptied when that is about anything
 * else; where that one is in use, a temporary one stands in.
 */
record DemoHome(IndexFolder folder, boolean ours, Optional<FileChannel> lock)
    implements AutoCloseable {

  /** Says what the home is about; written before anything else is. */
  private static final String IDENTITY = "demo-identity";

  /** Says what is in the index, all of it. */
  private static final String COMPLETE = "demo-complete";

  private static final int HASH_BYTES = 8;

  /** A folder that belongs to the user. */
  static DemoHome named(Path path) {
    return new DemoHome(IndexFolder.kept(path), false, Optional.empty());
  }

  /**
   * The demo's own folder.
   *
   * @param cache of this project; made if it is not there
   */
  static DemoHome own(Path cache) throws IOException {
    Files.createDirectories(cache);
    FileChannel channel =
        FileChannel.open(
            cache.resolve("demo.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    // The lock is the channel's: closing that one gives it back.
    if (locked(channel)) {
      return new DemoHome(IndexFolder.kept(cache.resolve("demo")), true, Optional.of(channel));
    }
    channel.close();
    return new DemoHome(IndexFolder.temporary(), true, Optional.empty());
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock held = channel.tryLock();
      return held != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Solr's home. */
  Path path() {
    return folder.path().toAbsolutePath();
  }

  /** Whether it is there for this run alone. */
  boolean temporary() {
    return folder.deleted();
  }

  /**
   * Makes the demo's own home one of this content, empty if it was of another; a user's is left as
   * it is.
   *
   * @param content tells model, options, configuration and documents from any others
   */
  Content prepare(String content) throws IOException {
    Files.createDirectories(path());
    Path file = path().resolve(IDENTITY);
    if (ours && !contains(file, content)) {
      IOUtils.rm(path());
      Files.createDirectories(path());
      Files.writeString(file, content);
    }
    return new Content(path().resolve(COMPLETE), content);
  }

  /**
   * What a home is filled with.
   *
   * @param mark says that all of it is in the index
   * @param identity of all of it
   */
  record Content(Path mark, String identity) {

    /**
     * Whether all of it was indexed, and still is.
     *
     * @param documents that the index has now
     */
    boolean isComplete(long documents) throws IOException {
      return contains(mark, identity + " " + documents);
    }

    /** Notes that all of it is indexed and committed, and how many documents that makes. */
    void complete(long documents) throws IOException {
      Files.writeString(mark, identity + " " + documents);
    }
  }

  /** Hash of a file, or of all files of a folder with their names: tells contents apart. */
  static String hash(Path place) throws IOException {
    MessageDigest digest = ContentHash.digest("SHA-256");
    for (Path file : files(place)) {
      digest.update((place.relativize(file) + "\0").getBytes(StandardCharsets.UTF_8));
      try (InputStream in = Files.newInputStream(file);
          OutputStream counted = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
        in.transferTo(counted);
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, HASH_BYTES);
  }

  private static List<Path> files(Path place) throws IOException {
    try (Stream<Path> walk = Files.walk(place)) {
      return walk.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static boolean contains(Path file, String text) throws IOException {
    return Files.isRegularFile(file) && Files.readString(file).equals(text);
  }

  @Override
  public void close() throws IOException {
    folder.close();
    if (lock.isPresent()) {
      lock.get().close();
    }
  }
}
