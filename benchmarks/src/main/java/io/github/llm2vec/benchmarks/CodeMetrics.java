/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Counts files, lines of code and public types of the main sources, and the links of the walks that
 * docs/architecture.md names, so that a change of the structure can be judged by figures.
 *
 * <pre>java benchmarks/src/main/java/io/github/llm2vec/benchmarks/CodeMetrics.java [CHECKOUT]</pre>
 *
 * A line of code is one that is neither blank nor comment only.
 */
public final class CodeMetrics {

  private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern PUBLIC_TYPE =
      Pattern.compile(
          "^public (?:(?:abstract|final|sealed|non-sealed|static|strictfp) )*"
              + "(?:class|record|interface|enum|@interface) ",
          Pattern.MULTILINE);
  private static final Pattern INTERNAL = Pattern.compile("^@API\\(status = .*INTERNAL");
  private static final Pattern API_TYPE =
      Pattern.compile("^@API\\(status = .*(?:STABLE|EXPERIMENTAL)", Pattern.MULTILINE);
  private static final Pattern WALK = Pattern.compile("^### Walk: (.*)$");
  private static final Pattern LINK = Pattern.compile("^\\d+\\. `([\\w.]+)`.*");

  /** One main source file. */
  private record Source(
      String module, String folder, int lines, boolean isPublic, boolean declaredApi) {}

  private CodeMetrics() {}

  /** Prints a table for each module and for all, then the walks. */
  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments.length > 0 ? arguments[0] : ".");
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    List<Source> sources = sources(root);
    Set<String> internal = internalPackages(root);
    out.println(
        "module | files | code | median | p90 | largest | <= 20 lines | public | public API");
    out.println("--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---:");
    Set<String> modules = new TreeSet<>();
    sources.forEach(source -> modules.add(source.module()));
    for (String module : modules) {
      row(out, module, sources.stream().filter(s -> s.module().equals(module)).toList(), internal);
    }
    row(out, "all", sources, internal);
    Map<String, Integer> sizes = new TreeMap<>();
    sources.forEach(source -> sizes.merge(source.folder(), 1, Integer::sum));
    sizes.forEach(
        (folder, files) -> {
          if (files > 25) {
            out.println("more than 25 files: " + folder + " " + files);
          }
        });
    walks(out, root.resolve("docs/architecture.md"));
  }

  private static List<Source> sources(Path root) throws IOException {
    List<Source> found = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(p -> p.toString().endsWith(".java")).toList()) {
        String file = root.relativize(path).toString().replace('\\', '/');
        int main = file.indexOf("/src/main/");
        if (main < 0 || file.contains("/target/") || file.endsWith("package-info.java")) {
          continue;
        }
        String text = Files.readString(path);
        int lines =
            (int)
                COMMENT
                    .matcher(text)
                    .replaceAll("")
                    .lines()
                    .filter(line -> !line.isBlank() && !line.strip().startsWith("//"))
                    .count();
        int name = file.lastIndexOf('/');
        found.add(
            new Source(
                file.substring(0, main),
                file.substring(0, name),
                lines,
                PUBLIC_TYPE.matcher(text).find(),
                API_TYPE.matcher(text).find()));
      }
    }
    return found;
  }

  /** Folders whose package-info says that the package is no public API. */
  private static Set<String> internalPackages(Path root) throws IOException {
    Set<String> found = new TreeSet<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(p -> p.endsWith("package-info.java")).toList()) {
        try (Stream<String> lines = Files.lines(path)) {
          if (lines.anyMatch(line -> INTERNAL.matcher(line).find())) {
            found.add(root.relativize(path.getParent()).toString().replace('\\', '/'));
          }
        }
      }
    }
    return found;
  }

  private static void row(
      PrintWriter out, String name, List<Source> sources, Set<String> internal) {
    List<Integer> lines = sources.stream().map(Source::lines).sorted().toList();
    long isPublic = sources.stream().filter(Source::isPublic).count();
    long outside =
        sources.stream()
            .filter(s -> s.isPublic() && (s.declaredApi() || !internal.contains(s.folder())))
            .count();
    out.printf(
        "%s | %s | %s | %s | %s | %s | %s | %s | %s%n",
        name,
        lines.size(),
        lines.stream().mapToInt(Integer::intValue).sum(),
        lines.get(lines.size() / 2),
        lines.get(lines.size() * 9 / 10),
        lines.get(lines.size() - 1),
        lines.stream().filter(count -> count <= 20).count(),
        isPublic,
        outside);
  }

  private static void walks(PrintWriter out, Path page) throws IOException {
    Map<String, List<String>> walks = new TreeMap<>();
    List<String> links = new ArrayList<>();
    for (String line : Files.readAllLines(page)) {
      Matcher walk = WALK.matcher(line);
      Matcher link = LINK.matcher(line);
      if (walk.matches()) {
        links = new ArrayList<>();
        walks.put(walk.group(1), links);
      } else if (link.matches()) {
        links.add(link.group(1));
      }
    }
    walks.forEach(
        (name, classes) -> out.println(name + ": " + classes.size() + " links " + classes));
  }
}
