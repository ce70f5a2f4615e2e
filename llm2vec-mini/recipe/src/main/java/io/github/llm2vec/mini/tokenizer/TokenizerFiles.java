/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.mini.tokenizer.MergeLearner.Merge;
import io.github.llm2vec.mini.tokenizer.TokenizerOptions.SpecialToken;
import java.util.List;

/** A byte-level BPE tokenizer in the format of Hugging Face's libraries. */
final class TokenizerFiles {

  /** In the order of their ids. */
  private static final List<SpecialToken> SPECIAL = List.of(SpecialToken.values());

  private final JsonMapper mapper = new JsonMapper();
  private final TokenizerOptions options;
  private final List<String> tokens;
  private final List<Merge> merges;

  TokenizerFiles(TokenizerOptions options, List<String> tokens, List<Merge> merges) {
    this.options = options;
    this.tokens = tokens;
    this.merges = merges;
  }

  private int idOf(SpecialToken token) {
    return tokens.size() + SPECIAL.indexOf(token);
  }

  /** {@code tokenizer.json}. */
  ObjectNode tokenizer() {
    ObjectNode root = mapper.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (SpecialToken token : SpecialToken.values()) {
      describe(added.addObject().put("id", idOf(token)), token);
    }
    if (options.lowercase()) {
      root.putObject("normalizer").put("type", "Lowercase");
    } else {
      root.putNull("normalizer");
    }
    preTokenizer(root.putObject("pre_tokenizer"));
    postProcessor(root.putObject("post_processor"));
    byteLevel(root.putObject("decoder"), true);
    model(root.putObject("model"));
    return root;
  }

  /** {@code tokenizer_config.json}. */
  ObjectNode configuration() {
    ObjectNode root = mapper.createObjectNode();
    ObjectNode decoder = root.putObject("added_tokens_decoder");
    for (SpecialToken token : SpecialToken.values()) {
      describe(decoder.putObject(Integer.toString(idOf(token))), token);
    }
    roles(root);
    root.put("clean_up_tokenization_spaces", false);
    root.putArray("model_input_names").add("input_ids").add("attention_mask");
    return root.put("model_max_length", options.maxLength())
        .put("padding_side", "left")
        .put("tokenizer_class", "PreTrainedTokenizerFast");
  }

  /** {@code special_tokens_map.json}. */
  ObjectNode specialTokensMap() {
    return roles(mapper.createObjectNode());
  }

  private static ObjectNode roles(ObjectNode target) {
    for (SpecialToken token : SpecialToken.values()) {
      target.put(token.role(), token.content());
    }
    return target;
  }

  private static void describe(ObjectNode target, SpecialToken token) {
    target
        .put("content", token.content())
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static void preTokenizer(ObjectNode target) {
    ArrayNode parts = target.put("type", "Sequence").putArray("pretokenizers");
    ObjectNode split = parts.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", WordCounts.PATTERN);
    split.put("behavior", "Isolated").put("invert", false);
    byteLevel(parts.addObject(), false);
  }

  private static void byteLevel(ObjectNode target, boolean decodes) {
    target
        .put("type", "ByteLevel")
        .put("add_prefix_space", decodes)
        .put("trim_offsets", true)
        .put("use_regex", decodes);
  }

  /** Begin of sequence before every text, as Llama has it. */
  private void postProcessor(ObjectNode target) {
    String begin = SpecialToken.BOS.content();
    target.put("type", "TemplateProcessing");
    ArrayNode single = target.putArray("single");
    part(single, "SpecialToken", begin, 0);
    part(single, "Sequence", "A", 0);
    ArrayNode pair = target.putArray("pair");
    part(pair, "SpecialToken", begin, 0);
    part(pair, "Sequence", "A", 0);
    part(pair, "SpecialToken", begin, 1);
    part(pair, "Sequence", "B", 1);
    ObjectNode special = target.putObject("special_tokens").putObject(begin).put("id", begin);
    special.putArray("ids").add(idOf(SpecialToken.BOS));
    special.putArray("tokens").add(begin);
  }

  private static void part(ArrayNode target, String kind, String id, int typeId) {
    target.addObject().putObject(kind).put("id", id).put("type_id", typeId);
  }

  private void model(ObjectNode target) {
    target.put("type", "BPE").putNull("dropout").putNull("unk_token");
    target.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    target.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocabulary = target.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    ArrayNode list = target.putArray("merges");
    // A blank between the two parts: the form that every release of the library reads.
    merges.forEach(pair -> list.add(tokens.get(pair.left()) + " " + tokens.get(pair.right())));
  }
}
