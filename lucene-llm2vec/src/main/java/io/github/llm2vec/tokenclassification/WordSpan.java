/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import java.util.ArrayList;
import java.util.List;

/**
 * Words that belong together.
 *
 * @param type what they are, for example {@code PER}
 * @param start index of the first word
 * @param end index of the last word
 */
public record WordSpan(String type, int start, int end) {

  private static final char OUTSIDE = 'O';

  /** A label taken apart: {@code B-PER} is the mark {@code B} and the type {@code PER}. */
  private record Mark(char mark, String type) {

    static final Mark NOTHING = new Mark(OUTSIDE, "");

    static Mark of(String label) {
      if (label.isEmpty()) {
        throw new IllegalArgumentException("a label is empty; every word needs one, at least O");
      }
      String rest = label.substring(1);
      String type = rest.substring(rest.indexOf('-') + 1);
      return new Mark(label.charAt(0), type.isEmpty() ? "_" : type);
    }

    boolean isOutside() {
      // seqeval inherits the full stop from conlleval, where it marks a sentence's end.
      return mark == OUTSIDE || mark == '.';
    }

    /** Whether a span that holds this label ends before the next. */
    boolean endsBefore(Mark next) {
      return switch (mark) {
            case 'E', 'S' -> true;
            case 'B', 'I' -> next.mark == 'B' || next.mark == 'S' || next.mark == OUTSIDE;
            default -> false;
          }
          || (!isOutside() && !type.equals(next.type));
    }

    /** Whether a span starts at this label. */
    boolean startsAfter(Mark previous) {
      return switch (mark) {
            case 'B', 'S' -> true;
            case 'E', 'I' ->
                previous.mark == 'E' || previous.mark == 'S' || previous.mark == OUTSIDE;
            default -> false;
          }
          || (!isOutside() && !previous.type.equals(type));
    }
  }

  /**
   * The spans of a sentence by the lenient rules of conlleval, which seqeval applies unless asked
   * for a scheme: IOB1, IOB2, IOE and IOBES may be mixed, an {@code I} without a {@code B} starts a
   * span, and a change of type starts one. Labels without a prefix, such as parts of speech, are
   * read by the same rules (the first letter is the mark), with the results that seqeval has.
   *
   * @param labels one per word
   */
  public static List<WordSpan> of(List<String> labels) {
    List<WordSpan> spans = new ArrayList<>();
    Mark previous = Mark.NOTHING;
    int start = 0;
    for (int i = 0; i <= labels.size(); i++) {
      Mark current = i < labels.size() ? Mark.of(labels.get(i)) : Mark.of("O");
      if (previous.endsBefore(current)) {
        spans.add(new WordSpan(previous.type(), start, i - 1));
      }
      if (current.startsAfter(previous)) {
        start = i;
      }
      previous = current;
    }
    return List.copyOf(spans);
  }
}
