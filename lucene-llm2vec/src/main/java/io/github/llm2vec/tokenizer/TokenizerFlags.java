/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Settings outside tokenizer.json that change how Python tokenises: {@code add_prefix_space},
 * {@code split_special_tokens}, {@code do_lower_case}, {@code truncation_side}, and the class of
 * transformers.
 */
record TokenizerFlags(SpecialTokens config, TokenizerOptions options) {

  private static final String PREFIX_SPACE = "add_prefix_space";
  private static final String SPACE_SYMBOL = "\u2581";

  /** Changes the normalizer and the pre-tokenizer where a switch asks for it. */
  void apply(TokenizerJson json) {
    boolean anew =
        config.isBuiltByClass()
            && (config.says(PREFIX_SPACE)
                || (options.frame() == TokenizerOptions.Frame.WRITTEN && !config.mentionsFrame()));
    boolean prefix = config.tokenizerClass().ownsPrefixSpace() || config.says(PREFIX_SPACE);
    boolean byteLevel = hasByteLevel(json.preTokenizer());
    if (anew && !byteLevel) {
      buildAnew(json, !config.says(PREFIX_SPACE) || config.flag(PREFIX_SPACE, true));
    } else if (prefix && byteLevel && config.tokenizerClass() != TokenizerClass.GENERIC) {
      boolean inside = !config.tokenizerClass().ownsPrefixSpace();
      boolean value = config.says(PREFIX_SPACE) && config.flag(PREFIX_SPACE, false);
      json.setPreTokenizer(withPrefixSpace(json.preTokenizer().deepCopy(), value, inside));
    }
    if (options.lowercase() && !lowercases(json.normalizer())) {
      ArrayNode steps = JsonNodeFactory.instance.arrayNode();
      steps.addObject().put("type", "Lowercase");
      if (isSequence(json.normalizer())) {
        json.normalizer().path("normalizers").forEach(steps::add);
      } else if (!json.normalizer().isNull()) {
        steps.add(json.normalizer());
      }
      ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
      json.setNormalizer(sequence.set("normalizers", steps));
    }
  }

  /** Whether a text that is too long loses its beginning, as this says or else tokenizer.json. */
  boolean truncatesLeft(TokenizerJson json) {
    return config.text("truncation_side").map("left"::equals).orElseGet(json::truncatesLeft);
  }

  /**
   * The added tokens for the native library. With {@code split_special_tokens} a special token,
   * whichever file calls it that, is text where it is written in a text: those of the vocabulary
   * are left out, and others stay with a content that no text has, so that those behind them keep
   * their ids.
   */
  List<ObjectNode> passedOn(List<ObjectNode> added, Map<String, Integer> vocabulary) {
    if (!config.flag("split_special_tokens", false)) {
      return added;
    }
    Set<String> named = Set.copyOf(config.contents());
    List<ObjectNode> result = new ArrayList<>();
    for (ObjectNode token : added) {
      String content = token.path("content").asText();
      if (!token.path("special").asBoolean() && !named.contains(content)) {
        result.add(token);
      } else if (!vocabulary.containsKey(content)) {
        ObjectNode hidden = token.deepCopy().put("normalized", false);
        // Noncharacters, which are not for interchange.
        result.add(hidden.put("content", "\uFDD0" + result.size() + "\uFDD1"));
      }
    }
    return result;
  }

  private void buildAnew(TokenizerJson json, boolean prefixSpace) {
    String scheme = config.flag("legacy", false) ? "always" : "first";
    ObjectNode metaspace = JsonNodeFactory.instance.objectNode().put("type", "Metaspace");
    metaspace.put("replacement", SPACE_SYMBOL);
    metaspace.put("prepend_scheme", prefixSpace ? scheme : "never").put("split", false);
    json.setNormalizer(NullNode.instance);
    json.setPreTokenizer(metaspace);
  }

  private static JsonNode withPrefixSpace(JsonNode part, boolean value, boolean inside) {
    if (part instanceof ObjectNode object && object.path("type").asText().equals("ByteLevel")) {
      object.put(PREFIX_SPACE, value);
    } else if (inside) {
      part.path("pretokenizers").forEach(inner -> withPrefixSpace(inner, value, true));
    }
    return part;
  }

  private static boolean hasByteLevel(JsonNode part) {
    for (JsonNode inner : part.path("pretokenizers")) {
      if (hasByteLevel(inner)) {
        return true;
      }
    }
    return part.path("type").asText().equals("ByteLevel");
  }

  private static boolean isSequence(JsonNode part) {
    return part.path("type").asText().equals("Sequence");
  }

  /** As sentence-transformers looks for it: at the top, or one step below. */
  private static boolean lowercases(JsonNode normalizer) {
    for (JsonNode inner : normalizer.path("normalizers")) {
      if (inner.path("type").asText().equals("Lowercase")) {
        return true;
      }
    }
    return normalizer.path("type").asText().equals("Lowercase");
  }
}
