/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * Says in one line why something failed, causes included. What an operator needs to know, such as
 * the name of a library that is missing, often stands in the last cause alone.
 */
public final class FailureReasons {

  private FailureReasons() {}

  /**
   * The messages of a failure and of its causes, from the outermost on, each that says more than
   * those before it; names of exceptions stand in for messages that are missing.
   */
  public static String of(Throwable failure) {
    StringBuilder reasons = new StringBuilder();
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Throwable cause = failure; cause != null && seen.add(cause); cause = cause.getCause()) {
      String reason = reason(cause);
      if (reasons.indexOf(reason) < 0) {
        reasons.append(reasons.length() == 0 ? "" : ": ").append(reason);
      }
    }
    return reasons.toString();
  }

  private static String reason(Throwable cause) {
    String message = cause.getMessage();
    if (message == null || message.isBlank()) {
      return cause.getClass().getSimpleName();
    }
    // An exception made of its cause alone repeats that, with the name of its class before it.
    Throwable next = cause.getCause();
    return next != null && message.equals(next.toString()) ? reason(next) : message.strip();
  }
}
