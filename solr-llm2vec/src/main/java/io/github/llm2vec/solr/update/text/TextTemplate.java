/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How the text of a document is put together from its fields: {@code body} is one field as it is,
 * {@code {title}\n{body}} is a template, field names in braces between literal text. In a template
 * a backslash goes before n for a line break, t for a tab, and before a brace or a backslash that
 * stand for themselves.
 *
 * <p>The values of a field with several are joined. Of a field that is missing or blank nothing is
 * written, nor the literal text before it, which belongs to it; punctuation and blanks that would
 * then begin the text are left out too. So {@code {title}, {body}} without a title is the body.
 */
public final class TextTemplate {

  /**
   * A field and what stands before it.
   *
   * @param before literal text
   * @param field name of the field, or "" for the end of the template
   */
  private record Piece(String before, String field) {}

  private final String source;
  private final String separator;
  private final List<Piece> pieces;

  private TextTemplate(String source, String separator, List<Piece> pieces) {
    this.source = source;
    this.separator = separator;
    this.pieces = List.copyOf(pieces);
  }

  /**
   * Reads a field name or a template.
   *
   * @param separator what joins the values of a field
   * @throws IllegalArgumentException if the template names no field or is not well formed
   */
  public static TextTemplate parse(String source, String separator) {
    List<Piece> pieces =
        source.indexOf('{') < 0 ? List.of(new Piece("", source.strip())) : split(source);
    if (pieces.stream().allMatch(piece -> piece.field.isEmpty())) {
      throw new IllegalArgumentException(
          "source '" + source + "' names no field; write body or {title}\\n{body}");
    }
    return new TextTemplate(source, separator, pieces);
  }

  private static List<Piece> split(String source) {
    List<Piece> pieces = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    for (int i = 0; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\' && i + 1 < source.length()) {
        literal.append(unescape(source.charAt(++i)));
      } else if (c == '{') {
        int end = source.indexOf('}', i);
        if (end < 0 || source.substring(i + 1, end).isBlank()) {
          throw new IllegalArgumentException(
              "source '%s' has a '{' at %s that begins no {field}; write \\{ for a brace"
                  .formatted(source, i));
        }
        pieces.add(new Piece(literal.toString(), source.substring(i + 1, end).strip()));
        literal.setLength(0);
        i = end;
      } else {
        literal.append(c);
      }
    }
    pieces.add(new Piece(literal.toString(), ""));
    return pieces;
  }

  private static char unescape(char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      default -> c;
    };
  }

  /** The fields that a text is made of, in their order. */
  public Set<String> fields() {
    return pieces.stream()
        .map(Piece::field)
        .filter(field -> !field.isEmpty())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The field that is named last: where there are passages, the one that is cut. */
  public String lastField() {
    return pieces.stream()
        .map(Piece::field)
        .filter(field -> !field.isEmpty())
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  /** The values of a field as the text has them. */
  public String valueOf(String field, Function<String, Collection<Object>> values) {
    return join(values.apply(field));
  }

  /**
   * The text of a document.
   *
   * @param values gives the values of a field, empty if it is missing
   * @return "" if no field has any text
   */
  public String render(Function<String, Collection<Object>> values) {
    StringBuilder text = new StringBuilder();
    boolean anyMissing = false;
    for (Piece piece : pieces) {
      String value = piece.field.isEmpty() ? "" : join(values.apply(piece.field));
      if (!value.isBlank()) {
        text.append(text.isEmpty() && anyMissing ? opening(piece) : piece.before).append(value);
      } else if (piece.field.isEmpty() && !text.isEmpty()) {
        text.append(piece.before);
      } else {
        anyMissing = true;
      }
    }
    return text.toString();
  }

  private static String opening(Piece piece) {
    String before = piece.before;
    int start = 0;
    while (start < before.length() && !Character.isLetterOrDigit(before.codePointAt(start))) {
      start += Character.charCount(before.codePointAt(start));
    }
    return before.substring(start);
  }

  private String join(Collection<Object> values) {
    return values.stream()
        .filter(Objects::nonNull)
        .map(Object::toString)
        .filter(value -> !value.isBlank())
        .collect(Collectors.joining(separator));
  }

  /** The template as it was written. */
  @Override
  public String toString() {
    return source;
  }
}
