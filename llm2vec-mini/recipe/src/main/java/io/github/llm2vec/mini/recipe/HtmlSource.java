/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Pages of documentation: a heading finds the section below it.
 *
 * @param name short, for the report
 * @param folder all pages below it are read
 */
record HtmlSource(String name, Path folder) implements PairSource {

  private static final Pattern HEADING =
      Pattern.compile("<h([1-6])\\b[^>]*>(.*?)</h\\1>", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern LEFT_OUT =
      Pattern.compile(
          "<(script|style|pre|table|nav|head)\\b.*?</\\1>|<!--.*?-->",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern TAG = Pattern.compile("<[^>]*>");
  private static final Pattern ENTITY = Pattern.compile("&(?:[A-Za-z]+|#\\d+);");
  private static final Pattern NUMBER =
      Pattern.compile("^(?:(?:Chapter|Appendix)\\s+)?(?:[A-Z]|\\d+)(?:\\.\\d+)*\\.?\\s+");

  /** Functions, fields and headers; there are thousands, and who searches asks for none of them. */
  private static final Pattern CODE = Pattern.compile("\\w\\.\\w|::|[(\\[<_]");

  private static final char UNREADABLE = '\uFFFD';
  private static final int LEAST_TITLE_WORDS = 2;
  private static final int MOST_TITLE_WORDS = 25;
  private static final int LEAST_WORDS = 20;

  @Override
  public String kind() {
    return "documentation";
  }

  @Override
  public void read(Consumer<Pair> pairs) throws IOException {
    List<Path> pages;
    try (Stream<Path> walk = Files.walk(folder)) {
      pages =
          walk.filter(file -> file.toString().endsWith(".html") && Files.isRegularFile(file))
              .sorted()
              .toList();
    }
    Set<String> seen = new HashSet<>();
    for (Path page : pages) {
      // Old pages may be in another encoding; what cannot be read becomes U+FFFD.
      read(new String(Files.readAllBytes(page), StandardCharsets.UTF_8), seen, pairs);
    }
  }

  private static void read(String page, Set<String> seen, Consumer<Pair> pairs) {
    String html = LEFT_OUT.matcher(page).replaceAll(" ");
    Matcher heading = HEADING.matcher(html);
    String title = "";
    int start = html.length();
    while (heading.find()) {
      section(
          title,
          text(html.substring(Math.min(start, heading.start()), heading.start())),
          seen,
          pairs);
      title = NUMBER.matcher(text(heading.group(2))).replaceFirst("");
      start = heading.end();
    }
    section(title, text(html.substring(start)), seen, pairs);
  }

  private static void section(String title, String body, Set<String> seen, Consumer<Pair> pairs) {
    int titleWords = Words.of(title).size();
    if (!CODE.matcher(title).find()
        && titleWords >= LEAST_TITLE_WORDS
        && titleWords <= MOST_TITLE_WORDS
        && Words.of(body).size() >= LEAST_WORDS
        && body.indexOf(UNREADABLE) < 0
        && seen.add(Words.first(body, LEAST_WORDS))
        // What heads many pages, such as "See also", asks for nothing.
        && seen.add("title " + title)) {
      pairs.accept(new Pair(title, body));
    }
  }

  private static String text(String html) {
    String plain =
        TAG.matcher(html)
            .replaceAll(" ")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#8217;", "'")
            .replace("&amp;", "&")
            .replace("\u00b6", " ");
    String known = ENTITY.matcher(plain).replaceAll(" ");
    return Words.oneLine(known).replace(" .", ".").replace(" ,", ",");
  }
}
