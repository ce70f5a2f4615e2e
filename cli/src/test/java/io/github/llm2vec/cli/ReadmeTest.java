/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.HashEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the documents tell users to type is understood, and what they point to is there. */
class ReadmeTest {

  private static final Path PROJECT = Path.of("..");

  @Test
  void everyCommandInTheDocumentsIsUnderstood() throws IOException {
    int commands = 0;
    for (Path document : documents()) {
      for (String line : Files.readAllLines(document)) {
        String command = line.strip();
        if (command.startsWith("bin/llm2vec ")) {
          parse(document, command);
          commands++;
        }
      }
    }
    assertTrue(commands >= 6, "found " + commands);
  }

  @Test
  void everyExampleInTheHelpIsUnderstood() {
    CommandLine root = commandLine();
    for (CommandLine command : root.getSubcommands().values()) {
      String footer =
          String.join("\n", command.getCommandSpec().usageMessage().footer())
              .replaceAll("\\\\\n *", "");
      List<String> examples =
          footer.lines().map(String::strip).filter(l -> l.startsWith("llm2vec ")).toList();
      assertTrue(!examples.isEmpty(), command.getCommandName());
      examples.forEach(example -> parse(Path.of(command.getCommandName()), example));
    }
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    for (Path document : documents()) {
      List<String> links =
          Pattern.compile("]\\(([^)#:]+)(#[^)]*)?\\)")
              .matcher(Files.readString(document))
              .results()
              .map((MatchResult link) -> link.group(1))
              .toList();
      for (String link : links) {
        assertTrue(Files.exists(document.resolveSibling(link)), document + " points to " + link);
      }
    }
  }

  @Test
  void theTestCommandIsTheOneThatIsRunAutomatically() throws IOException {
    assertTrue(Files.readString(PROJECT.resolve("README.md")).contains("    ./mvnw verify\n"));
    List<String> script = Files.readAllLines(PROJECT.resolve(".ci/run"));
    assertEquals("./mvnw -B -ntp verify", script.get(script.size() - 1));
  }

  @Test
  void theReadmeNamesTheTypesThatWereCompared() throws IOException {
    String readme = Files.readString(PROJECT.resolve("README.md"));
    String row =
        readme
            .lines()
            .filter(line -> line.startsWith("| any other of type"))
            .findFirst()
            .orElseThrow();
    String models = Files.readString(PROJECT.resolve("docs/models.md"));
    String compared =
        models.substring(models.indexOf("| --- |"), models.indexOf("<!-- conformance: end -->"));
    assertEquals(names("^\\| `(\\w+)` \\|", compared), names("`(\\w+)`", row));
  }

  private static Set<String> names(String pattern, String text) {
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(text)
        .results()
        .map((MatchResult name) -> name.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(PROJECT.resolve("README.md")));
    try (Stream<Path> pages = Files.list(PROJECT.resolve("docs"))) {
      pages.filter(page -> page.toString().endsWith(".md")).sorted().forEach(documents::add);
    }
    return documents;
  }

  private static CommandLine commandLine() {
    return Main.commandLine(
        new Console(System.in, System.out, System.err, false, false),
        CommandRunner.SURROUNDINGS,
        options -> new HashEncoder(4));
  }

  /** Takes a line apart as a shell would, as far as the documents go. */
  private static void parse(Path document, String line) {
    String[] words =
        Pattern.compile("'([^']*)'|(\\S+)")
            .matcher(line)
            .results()
            .map((MatchResult word) -> word.group(1) == null ? word.group(2) : word.group(1))
            .toArray(String[]::new);
    try {
      commandLine().parseArgs(Arrays.copyOfRange(words, 1, words.length));
    } catch (CommandLine.ParameterException e) {
      throw new AssertionError(document + ": '" + line + "': " + e.getMessage(), e);
    }
  }
}
