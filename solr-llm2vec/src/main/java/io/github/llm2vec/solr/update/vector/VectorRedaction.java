/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.vector;

import java.util.regex.Pattern;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/**
 * Replaces vectors in error messages by the number of their numbers. Solr names the value of a
 * field that it cannot index, and a vector of thousands of numbers buries what is wrong, in the
 * answer and in the log.
 */
public final class VectorRedaction {

  private static final String NUMBER = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?";

  /** More numbers in a row than anything but a vector has. */
  private static final Pattern NUMBERS =
      Pattern.compile("\\[?" + NUMBER + "(?:\\s*,\\s*" + NUMBER + "){7,}+\\]?");

  private VectorRedaction() {}

  /** The message with the number of its numbers in place of every vector. */
  public static String of(String message) {
    return NUMBERS
        .matcher(message)
        .replaceAll(
            vector ->
                "[" + (vector.group().chars().filter(c -> c == ',').count() + 1) + " numbers]");
  }

  /** The exception itself, or one without the vectors of its message and of its causes. */
  public static SolrException of(SolrException exception) {
    String message = exception.getMessage();
    if (message == null || message.equals(of(message))) {
      return exception;
    }
    SolrException without =
        new SolrException(ErrorCode.getErrorCode(exception.code()), of(message));
    without.setStackTrace(exception.getStackTrace());
    if (exception.getMetadata() != null) {
      without.setMetadata(exception.getMetadata());
    }
    return without;
  }
}
