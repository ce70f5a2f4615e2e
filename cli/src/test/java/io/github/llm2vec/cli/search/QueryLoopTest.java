/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.search.CorpusSearcher.SearchHit;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueryLoopTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** Notes what was on the screen whenever somebody waits for input. */
  private final class Keyboard extends InputStream {

    private final InputStream typed;
    private final List<String> screens = new ArrayList<>();

    Keyboard(String typed) {
      this.typed = new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public int read() throws IOException {
      screens.add(err.toString(StandardCharsets.UTF_8));
      return typed.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      screens.add(err.toString(StandardCharsets.UTF_8));
      return typed.read(target, offset, length);
    }
  }

  @Test
  void asksBeforeItWaitsForTheFirstLine() throws IOException {
    Keyboard keyboard = new Keyboard("ölmühle \n");
    Console console =
        new Console(
            keyboard,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            true,
            true);
    List<String> asked = new ArrayList<>();
    try (InterruptHandler stop = InterruptHandler.onInterrupt()) {
      new QueryLoop(
              console,
              query -> {
                asked.add(query);
                return List.of(new SearchHit("7", "A title", "some  text", 0.5));
              },
              texts -> {},
              stop)
          .typed();
    }
    assertEquals(List.of("ölmühle"), asked);
    assertTrue(keyboard.screens.get(0).contains("query"), "the prompt comes first");
    String printed = out.toString(StandardCharsets.UTF_8);
    assertTrue(printed.contains("  1. 0.5000  7  A title\n     some text\n"), printed);
  }

  @Test
  void cutsLongTextsBetweenCharacters() {
    assertEquals("a b", QueryLoop.snippet(" a \n\t b "));
    String cut = QueryLoop.snippet("x".repeat(159) + "\uD83D\uDE00".repeat(9));
    assertEquals("x".repeat(159) + "\uD83D\uDE00 ...", cut);
  }
}
