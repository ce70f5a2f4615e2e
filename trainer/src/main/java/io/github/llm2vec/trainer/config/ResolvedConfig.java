/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A configuration with all its defaults.
 *
 * @param <C> its kind
 * @param config what it says
 * @param values the same as JSON: every key that means something, whether it was written or not
 * @param notes what whoever starts the run should know: keys without effect and the like
 */
public record ResolvedConfig<C>(C config, ObjectNode values, List<String> notes) {

  /** Copies the values. */
  public ResolvedConfig {
    values = values.deepCopy();
    notes = List.copyOf(notes);
  }

  @Override
  public ObjectNode values() {
    return values.deepCopy();
  }

  /** A JSON file with every key; read again it gives the same configuration. */
  public String toJson() {
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(new DefaultIndenter("    ", "\n"));
    try {
      return new ObjectMapper().writer(printer).writeValueAsString(values) + "\n";
    } catch (IOException e) {
      throw new UncheckedIOException("values of JSON can be written as JSON; this is a bug", e);
    }
  }
}
