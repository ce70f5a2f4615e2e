/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPOutputStream;

/** A text file that appears under its name only once it is complete. */
public final class AtomicFile {

  private final Path path;
  private final Path partial;

  /** Creates the folder of the file, if need be. */
  public AtomicFile(Path path) throws IOException {
    this.path = path;
    this.partial = path.resolveSibling(path.getFileName() + ".partial");
    if (path.toAbsolutePath().getParent() != null) {
      Files.createDirectories(path.toAbsolutePath().getParent());
    }
  }

  /** Writes a whole file. */
  public static void write(Path path, String content) throws IOException {
    AtomicFile file = new AtomicFile(path);
    try (BufferedWriter out = file.open()) {
      out.write(content);
    }
    file.publish();
  }

  /** Opens the file for writing, gzipped if its name ends in {@code .gz}. */
  public BufferedWriter open() throws IOException {
    OutputStream out = Files.newOutputStream(partial);
    try {
      OutputStream bytes = path.toString().endsWith(".gz") ? new GZIPOutputStream(out) : out;
      return new BufferedWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      out.close();
      throw e;
    }
  }

  /** Gives the complete, closed file its name, replacing what had it. */
  public void publish() throws IOException {
    Files.move(partial, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
