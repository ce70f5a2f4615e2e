/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * The settings that must be equal for an interrupted output to be continued, kept in a {@code
 * .partial.properties} file beside it.
 *
 * @param fingerprint of the encoder
 * @param dimensions length of its vectors
 * @param role query or document
 * @param instruction sentence before every text
 */
public record RunIdentity(String fingerprint, int dimensions, String role, String instruction) {

  void save(Path file) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("fingerprint", fingerprint);
    properties.setProperty("dimensions", Integer.toString(dimensions));
    properties.setProperty("role", role);
    properties.setProperty("instruction", instruction);
    try (OutputStream out = Files.newOutputStream(file)) {
      properties.store(out, "The interrupted run that the .partial file beside this one is of");
    }
  }

  static RunIdentity load(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
      return new RunIdentity(
          properties.getProperty("fingerprint", ""),
          Integer.parseInt(properties.getProperty("dimensions", "0")),
          properties.getProperty("role", ""),
          properties.getProperty("instruction", ""));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }
}
