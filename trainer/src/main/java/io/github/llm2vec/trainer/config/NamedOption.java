/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Locale;

/** A constant that a configuration names. */
public interface NamedOption {

  /** Its name in Java. */
  String name();

  /** Its name in a configuration: that in Java, in small letters. */
  default String optionName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
