/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini;

import io.github.llm2vec.files.ContentHash;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.lucene.util.IOUtils;

/**
 * Resources as files of a folder that appears complete or not at all: {@code PARENT/NAME-HASH}. The
 * hash is that of the resources, so that another release has another folder and a folder that
 * somebody has changed is noticed.
 */
final class UnpackedFiles {

  private static final int HASH_LETTERS = 16;

  private final Path parent;
  private final String name;
  private final Map<String, URL> contents;

  /**
   * Describes a folder.
   *
   * @param contents resource by file name
   */
  UnpackedFiles(Path parent, String name, Map<String, URL> contents) {
    this.parent = parent;
    this.name = name;
    this.contents = new TreeMap<>(contents);
  }

  /** The complete folder. */
  Path folder() throws IOException {
    String hash = hashOfResources();
    Path folder = parent.resolve(name + "-" + hash.substring(0, HASH_LETTERS));
    if (!holds(folder, hash)) {
      unpack(folder, hash);
    }
    return folder;
  }

  private void unpack(Path folder, String hash) throws IOException {
    Files.createDirectories(parent);
    Path fresh = parent.resolve("." + name + "-" + UUID.randomUUID());
    try {
      Files.createDirectory(fresh);
      for (Map.Entry<String, URL> file : contents.entrySet()) {
        try (InputStream in = file.getValue().openStream()) {
          Files.copy(in, fresh.resolve(file.getKey()));
        }
      }
      if (!holds(fresh, hash)) {
        throw new IOException("what was written to " + fresh + " is not what was read back");
      }
      moveInto(folder, fresh, hash);
    } finally {
      IOUtils.rm(fresh);
    }
  }

  /**
   * A folder cannot replace another one in one step. If there is one, another process was faster
   * and it is the right one, which may be in use already, or it is damaged and has to leave first.
   */
  private void moveInto(Path folder, Path fresh, String hash) throws IOException {
    try {
      Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (holds(folder, hash)) {
        return;
      }
      moveAside(folder);
      Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private void moveAside(Path folder) throws IOException {
    Path damaged = parent.resolve("." + name + "-damaged-" + UUID.randomUUID());
    try {
      Files.move(folder, damaged, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return;
    }
    IOUtils.rm(damaged);
  }

  private String hashOfResources() throws IOException {
    MessageDigest digest = ContentHash.digest("SHA-256");
    for (Map.Entry<String, URL> file : contents.entrySet()) {
      try (InputStream in = file.getValue().openStream()) {
        add(digest, file.getKey(), in);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private boolean holds(Path folder, String hash) throws IOException {
    MessageDigest digest = ContentHash.digest("SHA-256");
    for (String file : contents.keySet()) {
      Path path = folder.resolve(file);
      if (!Files.isRegularFile(path)) {
        return false;
      }
      try (InputStream in = Files.newInputStream(path)) {
        add(digest, file, in);
      }
    }
    return HexFormat.of().formatHex(digest.digest()).equals(hash);
  }

  /** Of every file its name and the hash of its contents, so that no two folders read alike. */
  private static void add(MessageDigest digest, String file, InputStream in) throws IOException {
    MessageDigest content = ContentHash.digest("SHA-256");
    try (OutputStream counted = new DigestOutputStream(OutputStream.nullOutputStream(), content)) {
      in.transferTo(counted);
    }
    digest.update((file + "\0").getBytes(StandardCharsets.UTF_8));
    digest.update(content.digest());
  }
}
