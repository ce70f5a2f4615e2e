/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class SolrLogTest {

  @AfterEach
  void restore() {
    Configurator.reconfigure();
  }

  @Test
  void logGoesToTheFileAndNotToTheTerminal(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("logs/solr.log");
    ByteArrayOutputStream terminal = new ByteArrayOutputStream();
    PrintStream out = System.out;
    PrintStream err = System.err;
    try (PrintStream watched = new PrintStream(terminal, true, StandardCharsets.UTF_8)) {
      System.setOut(watched);
      System.setErr(watched);
      SolrLog.toFile(file);
      LoggerFactory.getLogger("some.place").error("Something happened");
      java.util.logging.Logger.getLogger("other.place").warning("Another thing");
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    assertEquals("", terminal.toString(StandardCharsets.UTF_8));
    assertTrue(Files.readString(file).contains("Something happened"));
  }
}
