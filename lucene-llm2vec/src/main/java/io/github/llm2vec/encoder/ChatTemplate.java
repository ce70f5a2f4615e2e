/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.PythonText;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template for a model's input. A text is put into the pattern of its role; head and tail go
 * around the result, whose outer whitespace is dropped if there is a head or a tail.
 *
 * <p>Patterns hold {@code {text}} once, at most one {@code {instruction}} before it, and anything
 * else literally. A prompt without an instruction leaves out all that stands before the text in a
 * pattern that has a place for one. What follows the instruction's place, the text and the tail are
 * pooled where the model skips instructions: the pool begins with the text.
 *
 * @param name what options call it
 * @param head put before everything, such as {@code "[INST] "}
 * @param tail put after everything, such as {@code " [/INST]"}
 * @param queryPattern how a query is written
 * @param documentPattern how a document is written
 * @param defaultInstruction instruction of queries that are given none, "" if there is none
 */
public record ChatTemplate(
    String name,
    String head,
    String tail,
    String queryPattern,
    String documentPattern,
    String defaultInstruction) {

  private static final String TEXT = "{text}";
  private static final String INSTRUCTION = "{instruction}";
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{[A-Za-z_]*}");

  /** Checks the patterns. */
  public ChatTemplate {
    check(name, "query", queryPattern);
    check(name, "document", documentPattern);
  }

  /**
   * What comes before and after a text in the pattern of its role, head and tail left out.
   *
   * @throws IllegalArgumentException if the prompt has an instruction and the pattern no place for
   *     it
   */
  Frame frame(Prompt prompt) {
    boolean query = prompt.role() == Role.QUERY;
    String pattern = query ? queryPattern : documentPattern;
    String instruction = prompt.instruction();
    if (query && instruction.isEmpty()) {
      instruction = defaultInstruction;
    }
    int text = pattern.indexOf(TEXT);
    String before = pattern.substring(0, text);
    String after = pattern.substring(text + TEXT.length());
    boolean hasPlace = before.contains(INSTRUCTION);
    if (!hasPlace && !instruction.isEmpty()) {
      throw new IllegalArgumentException(
          "template "
              + name
              + " has no place for an instruction on a "
              + (query ? "query" : "document")
              + ", got '"
              + instruction
              + "'; leave it out or encode the text as a query");
    }
    if (hasPlace) {
      before =
          instruction.isEmpty() ? "" : before.replace(INSTRUCTION, PythonText.strip(instruction));
    }
    return new Frame(before, after);
  }

  /** Whether there is something around the whole input. */
  boolean isFramed() {
    return !head.isEmpty() || !tail.isEmpty();
  }

  private static void check(String name, String role, String pattern) {
    String where = "the " + role + " pattern of template " + name;
    Matcher matcher = PLACEHOLDER.matcher(pattern);
    while (matcher.find()) {
      if (!matcher.group().equals(TEXT) && !matcher.group().equals(INSTRUCTION)) {
        throw new IllegalArgumentException(
            where + " may use {text} and {instruction}, got " + matcher.group());
      }
    }
    int text = pattern.indexOf(TEXT);
    if (text < 0 || pattern.indexOf(TEXT, text + 1) >= 0) {
      throw new IllegalArgumentException(
          where + " must hold {text} exactly once, got '" + pattern + "'");
    }
    int instruction = pattern.indexOf(INSTRUCTION);
    if (instruction != pattern.lastIndexOf(INSTRUCTION) || instruction > text) {
      throw new IllegalArgumentException(
          where + " may hold {instruction} once, before {text}, got '" + pattern + "'");
    }
  }

  /**
   * The literal surroundings of a text.
   *
   * @param before what comes before it, instruction included
   * @param after what comes after it
   */
  record Frame(String before, String after) {}
}
