/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * {@code "...".formatted()} writes numbers as the default locale does, in Arabic digits for one. So
 * it may have %s alone, which writes whole numbers as they are; all else is {@code
 * String.format(Locale.ROOT, ...)}.
 */
class LocaleRulesTest {

  private static final String LITERAL = "\"(?:[^\"\\\\\\n]|\\\\.)*+\"";
  private static final Pattern FORMATTED =
      Pattern.compile(
          "(?:\"\"\"\\n((?:(?!\"\"\").)*+)\"\"\"|("
              + LITERAL
              + "(?:\\s*\\+\\s*"
              + LITERAL
              + ")*+))"
              + "\\s*\\.formatted\\(",
          Pattern.DOTALL);
  private static final Pattern NUMBER =
      Pattern.compile("%(?:\\d+\\$)?[-#+ 0,(]*\\d*(?:\\.\\d+)?[doxXeEfgGtT]");
  private static final Pattern UNNAMED =
      Pattern.compile("(?:String\\.format|printf)\\(\\s*\"[^\"]*%[^sn%\"][^\"]*\"");

  @Test
  void numbersAreWrittenAlikeInAllLocales() throws IOException {
    List<String> found = new ArrayList<>();
    int files = 0;
    try (Stream<Path> all = Files.walk(Path.of(".."))) {
      for (Path file : all.filter(LocaleRulesTest::isMain).toList()) {
        files++;
        String source = Files.readString(file);
        Matcher formatted = FORMATTED.matcher(source);
        while (formatted.find()) {
          if (NUMBER.matcher(formatted.group().replace("%%", "")).find()) {
            found.add(file + ": " + formatted.group());
          }
        }
        Matcher unnamed = UNNAMED.matcher(source);
        while (unnamed.find()) {
          found.add(file + ": " + unnamed.group());
        }
      }
    }
    assertEquals(List.of(), found);
    assertTrue(files > 300, files + " files");
  }

  private static boolean isMain(Path file) {
    String path = file.toString();
    return path.endsWith(".java") && path.contains("/src/main/") && !path.contains("/target/");
  }
}
