/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Keeps the texts of test collections out of training data: a text that shares {@value #WORDS}
 * words in a row with one of them is recognised, however it is cut, spaced or punctuated.
 */
final class LeakFilter {

  /** Long enough that no common phrase has as many. */
  private static final int WORDS = 10;

  private static final JsonMapper MAPPER = new JsonMapper();

  /** Hashes of 64 bits: among ten million of them, a wrong one is a matter of one in a million. */
  private final Set<Long> runs = new HashSet<>();

  /**
   * Reads every {@code .jsonl} (keys {@code title} and {@code text}) and {@code .tsv} below a
   * folder as texts to keep out.
   */
  void keepOut(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      boolean json = file.toString().endsWith(".jsonl");
      if (!json && !file.toString().endsWith(".tsv")) {
        continue;
      }
      try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (json) {
            JsonNode document = MAPPER.readTree(line);
            remember(document.path("title").asText());
            remember(document.path("text").asText());
          } else {
            Stream.of(line.split("\t")).forEach(this::remember);
          }
        }
      }
    }
  }

  private void remember(String text) {
    List<String> words = Words.of(text);
    for (int start = 0; start + WORDS <= words.size(); start++) {
      runs.add(hash(words.subList(start, start + WORDS)));
    }
  }

  /** Whether a text has something in common with what is kept out. */
  boolean leaks(String text) {
    List<String> words = Words.of(text);
    for (int start = 0; start + WORDS <= words.size(); start++) {
      if (runs.contains(hash(words.subList(start, start + WORDS)))) {
        return true;
      }
    }
    return false;
  }

  /** FNV-1a over the characters. */
  private static long hash(List<String> words) {
    long hash = 0xcbf29ce484222325L;
    for (String word : words) {
      for (int i = 0; i <= word.length(); i++) {
        hash = (hash ^ (i < word.length() ? word.charAt(i) : ' ')) * 0x100000001b3L;
      }
    }
    return hash;
  }
}
