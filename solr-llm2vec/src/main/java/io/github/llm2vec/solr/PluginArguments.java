/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.util.NamedList;

/**
 * Typed access to the arguments of a plugin in {@code solrconfig.xml}; unknown names and values are
 * errors that suggest the nearest one.
 */
final class PluginArguments {

  private final String plugin;
  private final Map<String, String> values = new LinkedHashMap<>();

  /**
   * Takes the arguments.
   *
   * @param plugin name for messages
   * @param arguments as Solr read them
   * @param known what they may be called
   * @throws SolrException if one is unknown, given twice or not a single value
   */
  PluginArguments(String plugin, NamedList<?> arguments, Set<String> known) {
    this.plugin = plugin;
    arguments.forEach((name, value) -> put(name, value, known));
  }

  private void put(String name, Object value, Set<String> known) {
    if (!known.contains(name)) {
      throw wrong("unknown argument '" + name + "'" + NearestName.hint(name, known));
    }
    if (!(value instanceof CharSequence || value instanceof Number || value instanceof Boolean)) {
      throw wrong("argument '" + name + "' must be a single value, found " + value);
    }
    if (values.put(name, value.toString()) != null) {
      throw wrong("argument '" + name + "' is given twice");
    }
  }

  /** An argument that must be there and not blank. */
  String required(String name) {
    return Optional.ofNullable(values.get(name))
        .filter(value -> !value.isBlank())
        .orElseThrow(() -> wrong("argument '" + name + "' is missing"));
  }

  /** An argument or, if it is not there, another value. */
  String text(String name, String missing) {
    return values.getOrDefault(name, missing);
  }

  /** A whole number or, if it is not there, another one. */
  long number(String name, long missing) {
    String value = values.get(name);
    try {
      return value == null ? missing : Long.parseLong(value.strip());
    } catch (NumberFormatException e) {
      throw wrong("argument '" + name + "' must be a whole number, found " + value);
    }
  }

  /** Yes or no or, if it is not there, another answer. */
  boolean flag(String name, boolean missing) {
    String value = values.get(name);
    if (value == null || value.equals("true") || value.equals("false")) {
      return value == null ? missing : Boolean.parseBoolean(value);
    }
    throw wrong("argument '" + name + "' must be true or false, found " + value);
  }

  /** One of some values, the first of which stands for a missing one. */
  String choice(String name, List<String> known) {
    String value = text(name, known.get(0));
    if (!known.contains(value)) {
      throw wrong("unknown " + name + " '" + value + "'" + NearestName.hint(value, known));
    }
    return value;
  }

  /** Whether an argument is there. */
  boolean has(String name) {
    return values.containsKey(name);
  }

  /** The exception for arguments that are wrong. */
  SolrException wrong(String message) {
    return SolrErrors.serverError(plugin + ": " + message);
  }
}
