/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression from an adapter's configuration. The file is untrusted, so a match may take
 * only a bounded number of steps. Java's syntax agrees with Python's as far as module names need.
 */
final class PythonRegex {

  private static final int MAX_STEPS = 100_000;
  // The compiler of expressions recurses into nested groups.
  private static final int MAX_LENGTH = 1000;

  private final JsonObject json;
  private final String key;
  private final Pattern pattern;

  /**
   * Compiles an expression.
   *
   * @param json where it comes from, for errors
   * @param key its key there
   */
  PythonRegex(JsonObject json, String key, String expression) throws ModelFormatException {
    this.json = json;
    this.key = key;
    if (expression.length() > MAX_LENGTH) {
      throw json.unsupported(
          key, "is a regular expression of " + expression.length() + " characters", "Simplify it");
    }
    try {
      this.pattern = Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw json.unsupported(
          key, "is not a valid regular expression (" + e.getDescription() + ")", "Correct it");
    }
  }

  /** Whether the whole text matches. */
  boolean matches(String text) throws ModelFormatException {
    try {
      return pattern.matcher(new CountedText(text)).matches();
    } catch (StepsExceededException e) {
      throw json.unsupported(
          key, "is a regular expression that takes too long on '" + text + "'", "Simplify it");
    }
  }

  private static final class StepsExceededException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Text that counts how often the matcher looks at it. */
  private static final class CountedText implements CharSequence {
    private final String text;
    private int steps;

    CountedText(String text) {
      this.text = text;
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      steps++;
      if (steps > MAX_STEPS) {
        throw new StepsExceededException();
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
