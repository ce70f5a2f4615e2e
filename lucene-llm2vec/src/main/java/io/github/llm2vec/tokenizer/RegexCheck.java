/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import java.util.regex.Pattern;

/**
 * Checks a regular expression in the syntax of Oniguruma, which the tokenizers library uses,
 * without running it. When in doubt it says the worse.
 */
final class RegexCheck {

  /** A group that repeats and is itself repeated without limit, as in {@code (a+)+}. */
  private static final Pattern NESTED_REPEAT =
      Pattern.compile("(?:(?<!\\\\)[+*]|\\{\\d+,})[^()]*(?<!\\\\)\\)(?:[+*]|\\{\\d*,})");

  /** What moves the start of a match, and free spacing, in which a space is no space. */
  private static final Pattern UNREAD = Pattern.compile("\\\\K|\\(\\?[a-z-]*x");

  /** Letters that stand for a place between characters, or for something seen before. */
  private static final String NO_WIDTH = "bBAzZGKkg123456789";

  private static final int MAX_DEPTH = 200;

  private final String pattern;
  private int next;
  private int depth;
  private boolean doubtful;

  private RegexCheck(String pattern) {
    this.pattern = pattern;
  }

  /** Whether matching can take time that explodes with the length of a text. */
  static boolean repeatsRepeats(String pattern) {
    return NESTED_REPEAT.matcher(pattern).find();
  }

  /** Whether the empty text may match somewhere. */
  static boolean mayMatchNothing(String pattern) {
    if (UNREAD.matcher(pattern).find()) {
      return true;
    }
    RegexCheck check = new RegexCheck(pattern);
    boolean consumes = check.alternatives();
    return !consumes || check.doubtful || check.next < pattern.length();
  }

  /** Reads alternatives up to a closing parenthesis or the end; whether each consumes something. */
  private boolean alternatives() {
    if (++depth > MAX_DEPTH) {
      return false;
    }
    boolean all = true;
    boolean branch = false;
    while (next < pattern.length() && pattern.charAt(next) != ')') {
      if (pattern.charAt(next) == '|') {
        next++;
        all &= branch;
        branch = false;
      } else {
        boolean atom = atom();
        branch |= quantified(atom);
      }
    }
    depth--;
    return all && branch;
  }

  private boolean atom() {
    char c = pattern.charAt(next++);
    return switch (c) {
      case '^', '$' -> false;
      case '*', '+', '?', '{' -> {
        // A repeat of nothing: who knows what it is taken for.
        doubtful = true;
        yield false;
      }
      case '\\' -> escape();
      case '[' -> characterClass();
      case '(' -> group();
      default -> true;
    };
  }

  private boolean escape() {
    if (next == pattern.length()) {
      return false;
    }
    char c = pattern.charAt(next++);
    boolean named = c == 'k' || c == 'g';
    if (named && next < pattern.length() && pattern.charAt(next) == '<') {
      skipPast('>');
    } else if ("pPxu".indexOf(c) >= 0 && next < pattern.length() && pattern.charAt(next) == '{') {
      skipPast('}');
    }
    return NO_WIDTH.indexOf(c) < 0;
  }

  private boolean characterClass() {
    int open = 1;
    boolean first = true;
    while (next < pattern.length() && open > 0) {
      char c = pattern.charAt(next++);
      if (c == '\\') {
        next++;
      } else if (c == '[') {
        open++;
      } else if (c == ']' && !first) {
        open--;
      }
      first = first && c == '^';
    }
    next = Math.min(next, pattern.length());
    return open == 0;
  }

  private boolean group() {
    boolean counts = true;
    if (pattern.startsWith("?", next)) {
      next++;
      if (pattern.startsWith("<", next) && !lookBehind()) {
        skipPast('>');
      } else if (pattern.startsWith(":", next) || pattern.startsWith(">", next)) {
        next++;
      } else if (pattern.startsWith("i:", next)) {
        next += 2;
      } else {
        // Looks around, comments, switches: none of them consumes what is inside.
        counts = false;
        next++;
      }
    }
    boolean inner = alternatives();
    if (next < pattern.length()) {
      next++;
    } else {
      counts = false;
    }
    return counts && inner;
  }

  private boolean lookBehind() {
    return pattern.startsWith("<=", next) || pattern.startsWith("<!", next);
  }

  private boolean quantified(boolean atom) {
    boolean consumes = atom;
    boolean bounded = false;
    while (next < pattern.length()) {
      char c = pattern.charAt(next);
      if (c == '*' || (c == '?' && !bounded)) {
        consumes = false;
      } else if (c == '{') {
        int end = pattern.indexOf('}', next);
        if (end < 0) {
          break;
        }
        // An interval in which a digit other than 0 comes first; another brace may be a letter.
        consumes &= pattern.substring(next + 1, end).matches("0*[1-9]\\d*(,\\d*)?");
        next = end;
      } else if (c != '+' && c != '?') {
        break;
      }
      bounded = c == '+' || c == '*';
      next++;
    }
    return consumes;
  }

  private void skipPast(char end) {
    int found = pattern.indexOf(end, next);
    next = found < 0 ? pattern.length() : found + 1;
  }
}
