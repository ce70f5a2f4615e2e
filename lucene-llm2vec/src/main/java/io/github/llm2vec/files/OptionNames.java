/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Finds constants by the names that configurations and command lines have for them. */
public final class OptionNames {

  private OptionNames() {}

  /**
   * The constant of a name.
   *
   * @param what is named, for the message
   * @param values to choose from
   * @param nameOf the name of each
   * @param given the name that was given
   * @throws IllegalArgumentException if none has that name; the message lists those there are
   */
  public static <E> E find(String what, E[] values, Function<E, String> nameOf, String given) {
    return Arrays.stream(values)
        .filter(value -> nameOf.apply(value).equals(given))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s must be one of %s, got '%s'"
                        .formatted(
                            what,
                            Arrays.stream(values).map(nameOf).collect(Collectors.joining(", ")),
                            given)));
  }
}
