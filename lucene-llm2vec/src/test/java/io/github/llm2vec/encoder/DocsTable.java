/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * A table of docs/models.md that a test measures, between {@code <!-- NAME: begin -->} and {@code
 * <!-- NAME: end -->}. It must list what the test measured, no more and no less; measured numbers
 * may differ by machine. {@code -Dllm2vec.docs=true} writes the table anew.
 *
 * @param name of the marks
 * @param header the two lines above the rows
 * @param measured how many columns, from the last on, are measured numbers
 */
public record DocsTable(String name, String header, int measured) {

  private static final Path PAGE = Path.of("../docs/models.md");

  /** Compares the page with rows, in their order, or writes them. */
  public void check(Collection<String> rows) throws IOException {
    String page = Files.readString(PAGE);
    String mark = "<!-- " + name + ": begin -->\n";
    int begin = page.indexOf(mark) + mark.length();
    int end = page.indexOf("<!-- " + name + ": end -->\n");
    assertTrue(begin >= mark.length() && end >= begin, PAGE + " has lost the marks of " + name);
    if (Boolean.getBoolean("llm2vec.docs")) {
      Files.writeString(
          PAGE, page.substring(0, begin) + header + String.join("", rows) + page.substring(end));
      return;
    }
    List<String> listed = page.substring(begin, end).lines().skip(2).map(this::named).toList();
    assertEquals(
        rows.stream().map(this::named).toList(), listed, "run this test with -Dllm2vec.docs=true");
  }

  private String named(String row) {
    List<String> cells = Arrays.asList(row.strip().split("\\|"));
    return String.join("|", cells.subList(1, cells.size() - measured));
  }
}
