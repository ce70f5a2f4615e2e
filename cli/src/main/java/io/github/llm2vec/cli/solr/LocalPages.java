/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A few files that a local server hands out beside Solr, below one path. What they may do is fixed:
 * they load from this server alone, and no other page may frame them.
 *
 * @param path where they lie, for example {@code /demo}
 * @param files contents by name; {@link #INDEX} is what the path itself shows
 */
public record LocalPages(String path, Map<String, byte[]> files) {

  /** Name of the file that stands for the folder. */
  public static final String INDEX = "index.html";

  /** No files at all. */
  public static final LocalPages NONE = new LocalPages("/pages", Map.of());

  static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
              + " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cache-Control",
          "no-cache");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html;charset=utf-8",
          "css", "text/css;charset=utf-8",
          "js", "text/javascript;charset=utf-8",
          "json", "application/json;charset=utf-8",
          "svg", "image/svg+xml");

  /** Copies the map. */
  public LocalPages {
    files = Map.copyOf(files);
    if (!path.matches("/[a-z]+") || path.equals("/solr")) {
      throw new IllegalArgumentException("a path is a slash and letters, and not Solr's: " + path);
    }
    for (String name : files.keySet()) {
      if (!TYPES.containsKey(ending(name))) {
        throw new IllegalArgumentException("no content type is known for " + name);
      }
    }
  }

  /** The same with one file more, or another one in its place. */
  public LocalPages with(String name, String text) {
    Map<String, byte[]> more = new HashMap<>(files);
    more.put(name, text.getBytes(StandardCharsets.UTF_8));
    return new LocalPages(path, more);
  }

  /** The file that an address on this server means. */
  Optional<byte[]> file(String target) {
    return name(target).map(files::get);
  }

  /** The type of what an address means; only for those that mean something. */
  String type(String target) {
    return Objects.requireNonNull(TYPES.get(ending(name(target).orElseThrow())), target);
  }

  /** Names are looked up as they are, so that no address leads to any other file. */
  private Optional<String> name(String target) {
    if (target.equals(path + "/")) {
      return Optional.of(INDEX);
    }
    return target.startsWith(path + "/")
        ? Optional.of(target.substring(path.length() + 1))
        : Optional.empty();
  }

  private static String ending(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
