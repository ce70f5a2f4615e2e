/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LocalPagesTest {

  private final LocalPages pages =
      new LocalPages("/help", Map.of()).with("index.html", "<p>").with("a.js", "1");

  @Test
  void anAddressMeansAFileOrNothing() {
    assertArrayEquals("<p>".getBytes(StandardCharsets.UTF_8), pages.file("/help/").orElseThrow());
    assertEquals("text/javascript;charset=utf-8", pages.type("/help/a.js"));
    for (String other : new String[] {"/help", "/helpa.js", "/help/b.js", "/help/../help/a.js"}) {
      assertEquals(Optional.empty(), pages.file(other), other);
    }
    assertEquals(Optional.empty(), LocalPages.NONE.file("/pages/"));
  }

  @Test
  void refusesAPathOfSolrAndAFileWithoutAKnownType() {
    assertThrows(IllegalArgumentException.class, () -> new LocalPages("/solr", Map.of()));
    assertThrows(IllegalArgumentException.class, () -> new LocalPages("help", Map.of()));
    assertThrows(IllegalArgumentException.class, () -> pages.with("program.exe", ""));
  }
}
