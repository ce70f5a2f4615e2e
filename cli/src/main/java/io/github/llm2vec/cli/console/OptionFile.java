/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.files.NearestName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Reader of a command's options from a JSON file: {@code "max_length": 512} is {@code --max-length
 * 512}. A key may also have the name that upstream's scripts give it. What is typed on the command
 * line replaces what the file says.
 */
public final class OptionFile {

  private final Path file;
  private final Map<String, String> otherNames;

  /**
   * A file.
   *
   * @param file JSON object of keys and texts, numbers, flags or lists of them
   * @param otherNames keys that are not spelt like the option that they stand for
   */
  public OptionFile(Path file, Map<String, String> otherNames) {
    this.file = file;
    this.otherNames = Map.copyOf(otherNames);
  }

  /** Parses the command's line again, with what the file adds to it. */
  public void apply(CommandLine command) throws IOException {
    ParseResult typed = command.getParseResult();
    List<String> arguments = new ArrayList<>(typed.originalArgs());
    arguments.remove(command.getCommandName());
    for (Map.Entry<String, JsonNode> entry : read().properties()) {
      OptionSpec option = option(command, entry.getKey());
      if (!typed.hasMatchedOption(option)) {
        arguments.addAll(arguments(entry.getKey(), option, entry.getValue()));
      }
    }
    command.parseArgs(arguments.toArray(String[]::new));
  }

  private JsonNode read() throws IOException {
    try {
      JsonNode root =
          JsonMapper.builder()
              .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .build()
              .readTree(Files.readAllBytes(file));
      if (root == null || !root.isObject()) {
        throw new CliException(file + " must be a JSON object of options and their values");
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new CliException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private OptionSpec option(CommandLine command, String key) {
    String name = otherNames.getOrDefault(key, "--" + key.replace('_', '-'));
    OptionSpec option = command.getCommandSpec().findOption(name);
    if (option == null) {
      TreeSet<String> known = new TreeSet<>(otherNames.keySet());
      command
          .getCommandSpec()
          .options()
          .forEach(other -> known.add(other.longestName().substring(2).replace('-', '_')));
      throw new CliException(file + ": there is no key " + key + NearestName.hint(key, known));
    }
    return option;
  }

  private List<String> arguments(String key, OptionSpec option, JsonNode value) {
    String name = option.longestName();
    if (value.isNull()) {
      return List.of();
    }
    if (option.arity().max() == 0) {
      if (!value.isBoolean()) {
        throw new CliException(file + ": key " + key + ": expected true or false, found " + value);
      }
      return value.booleanValue() ? List.of(name) : List.of();
    }
    List<String> arguments = new ArrayList<>();
    for (JsonNode one : value.isArray() ? value : List.of(value)) {
      if (one.isContainerNode()) {
        throw new CliException(
            file + ": key " + key + ": expected a text, a number or a flag, found " + one);
      }
      arguments.add(name + "=" + one.asText());
    }
    return arguments;
  }
}
