/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.update.FailurePolicy;
import io.github.llm2vec.solr.update.FailurePolicy.OnError;
import io.github.llm2vec.solr.update.VectorMapping;
import io.github.llm2vec.solr.update.VectorMapping.VectorTarget;
import io.github.llm2vec.solr.update.text.TextLength;
import io.github.llm2vec.solr.update.text.TextTemplate;
import io.github.llm2vec.solr.update.vector.CopyPrecision;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;

/**
 * Reads the mappings of an update processor: one whose arguments stand for themselves, or several
 * in lists named {@code mapping}, which take what they do not say from the arguments around them.
 */
final class MappingArguments {

  static final String MAPPING = "mapping";

  /** What a mapping may say, and the arguments around mappings for all of them. */
  static final Set<String> KNOWN =
      Set.of(
          "model",
          "adapter",
          "source",
          "vector",
          "instruction",
          "separator",
          "dimensions",
          "copyPrecision",
          "allowModelChange",
          "maxTokens",
          "longText",
          "passageOverlap",
          "onError",
          "errorField",
          "retries",
          "retryMillis");

  private MappingArguments() {}

  /**
   * Reads all mappings.
   *
   * @param all arguments of the processor, in which lists named {@code mapping} may be
   */
  static List<VectorMapping> read(String plugin, NamedList<?> all) {
    NamedList<Object> around = new NamedList<>();
    List<NamedList<?>> lists = new ArrayList<>();
    all.forEach(
        (name, value) -> {
          if (MAPPING.equals(name) && value instanceof NamedList<?> list) {
            lists.add(list);
          } else if (KNOWN.contains(name)) {
            around.add(name, value);
          }
        });
    if (lists.isEmpty()) {
      return List.of(mapping(new PluginArguments(plugin, around, KNOWN)));
    }
    List<VectorMapping> mappings = new ArrayList<>();
    for (NamedList<?> list : lists) {
      mappings.add(mapping(new PluginArguments(plugin + " mapping", merged(around, list), KNOWN)));
    }
    return mappings;
  }

  /** A mapping as it is shown: its arguments, and the fields that its text is made of. */
  static NamedList<Object> report(VectorMapping mapping) {
    NamedList<Object> report = new SimpleOrderedMap<>();
    report.add("vector", mapping.target().field());
    report.add("model", mapping.model());
    report.add("adapter", mapping.adapter());
    report.add("source", mapping.source().toString());
    report.add("fields", List.copyOf(mapping.source().fields()));
    report.add("dimensions", mapping.target().dimensions());
    report.add("passages", mapping.cutsPassages());
    return report;
  }

  private static NamedList<Object> merged(NamedList<Object> around, NamedList<?> list) {
    NamedList<Object> merged = new NamedList<>();
    list.forEach(merged::add);
    around.forEach(
        (name, value) -> {
          if (list.get(name) == null) {
            merged.add(name, value);
          }
        });
    return merged;
  }

  private static VectorMapping mapping(PluginArguments arguments) {
    try {
      return new VectorMapping(
          arguments.required("model"),
          arguments.text("adapter", ""),
          TextTemplate.parse(arguments.required("source"), arguments.text("separator", " ")),
          target(arguments),
          Prompt.document(arguments.text("instruction", "")),
          new VectorMapping.Handling(length(arguments), failures(arguments)));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw arguments.wrong(String.valueOf(e.getMessage()));
    }
  }

  private static VectorTarget target(PluginArguments arguments) {
    return new VectorTarget(
        arguments.required("vector"),
        Math.toIntExact(arguments.number("dimensions", 0)),
        CopyPrecision.valueOf(
            arguments
                .choice("copyPrecision", List.of("float32", "float16"))
                .toUpperCase(Locale.ROOT)),
        arguments.flag("allowModelChange", false));
  }

  private static TextLength length(PluginArguments arguments) {
    boolean passages =
        arguments.choice("longText", List.of("truncate", "passages")).equals("passages");
    if (!arguments.has("maxTokens")) {
      if (passages) {
        throw arguments.wrong("longText=passages needs maxTokens, the length of a passage");
      }
      return new TextLength.Whole();
    }
    int tokens = Math.toIntExact(arguments.number("maxTokens", 0));
    int overlap = Math.toIntExact(arguments.number("passageOverlap", 0));
    return passages ? new TextLength.Passages(tokens, overlap) : new TextLength.Truncated(tokens);
  }

  private static FailurePolicy failures(PluginArguments arguments) {
    return new FailurePolicy(
        OnError.valueOf(
            arguments.choice("onError", List.of("fail", "skip", "retry")).toUpperCase(Locale.ROOT)),
        arguments.text("errorField", FailurePolicy.FAIL.errorField()),
        Math.toIntExact(arguments.number("retries", FailurePolicy.FAIL.retries())),
        Duration.ofMillis(arguments.number("retryMillis", FailurePolicy.FAIL.pause().toMillis())));
  }
}
