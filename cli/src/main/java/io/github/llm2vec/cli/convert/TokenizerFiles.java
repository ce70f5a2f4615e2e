/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.convert;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A SentencePiece BPE vocabulary as the files of the {@code tokenizers} library. Scores become a
 * list of merges: every way to put a piece together from two others, in the order of the pieces'
 * scores.
 */
final class TokenizerFiles {

  private static final String BLANK = "\u2581";
  private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");

  private final JsonMapper mapper = new JsonMapper();
  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  private final List<Llama2cVocabulary.Piece> pieces;

  TokenizerFiles(Llama2cVocabulary source) {
    pieces = source.pieces();
    for (int id = 0; id < pieces.size(); id++) {
      vocabulary.putIfAbsent(id < SPECIAL.size() ? SPECIAL.get(id) : text(id), id);
    }
    if (vocabulary.size() != pieces.size()) {
      throw new IllegalArgumentException("the vocabulary has the same piece twice");
    }
  }

  private String text(int id) {
    return pieces.get(id).text().replace(" ", BLANK);
  }

  /** {@code tokenizer.json}. */
  ObjectNode tokenizer() {
    ObjectNode root = mapper.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < SPECIAL.size(); id++) {
      addedToken(added.addObject().put("id", id), SPECIAL.get(id));
    }
    ObjectNode normalizer = root.putObject("normalizer").put("type", "Sequence");
    ArrayNode normalizers = normalizer.putArray("normalizers");
    normalizers.addObject().put("type", "Prepend").put("prepend", BLANK);
    replacement(normalizers.addObject(), " ", BLANK);
    root.putNull("pre_tokenizer");
    postProcessor(root.putObject("post_processor"));
    decoder(root.putObject("decoder"));
    model(root.putObject("model"));
    return root;
  }

  /** {@code tokenizer_config.json}. */
  ObjectNode configuration(int maxLength) {
    ObjectNode root = mapper.createObjectNode();
    ObjectNode decoder = root.putObject("added_tokens_decoder");
    for (int id = 0; id < SPECIAL.size(); id++) {
      addedToken(decoder.putObject(Integer.toString(id)), SPECIAL.get(id));
    }
    specialTokens(root);
    return root.put("clean_up_tokenization_spaces", false)
        .put("model_max_length", maxLength)
        .put("tokenizer_class", "PreTrainedTokenizerFast");
  }

  /** {@code special_tokens_map.json}. */
  ObjectNode specialTokensMap() {
    return specialTokens(mapper.createObjectNode());
  }

  private static ObjectNode specialTokens(ObjectNode target) {
    return target.put("bos_token", "<s>").put("eos_token", "</s>").put("unk_token", "<unk>");
  }

  private static void addedToken(ObjectNode target, String content) {
    target
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static void replacement(ObjectNode target, String from, String to) {
    target.put("type", "Replace");
    target.putObject("pattern").put("String", from);
    target.put("content", to);
  }

  /** Begin of sentence before every text, as llama2.c has it. */
  private static void postProcessor(ObjectNode target) {
    target.put("type", "TemplateProcessing");
    ArrayNode single = target.putArray("single");
    templatePart(single, "SpecialToken", "<s>", 0);
    templatePart(single, "Sequence", "A", 0);
    ArrayNode pair = target.putArray("pair");
    templatePart(pair, "SpecialToken", "<s>", 0);
    templatePart(pair, "Sequence", "A", 0);
    templatePart(pair, "SpecialToken", "<s>", 1);
    templatePart(pair, "Sequence", "B", 1);
    ObjectNode begin = target.putObject("special_tokens").putObject("<s>");
    begin.put("id", "<s>").putArray("ids").add(1);
    begin.putArray("tokens").add("<s>");
  }

  private static void templatePart(ArrayNode target, String kind, String id, int typeId) {
    target.addObject().putObject(kind).put("id", id).put("type_id", typeId);
  }

  private static void decoder(ObjectNode target) {
    ArrayNode decoders = target.put("type", "Sequence").putArray("decoders");
    replacement(decoders.addObject(), BLANK, " ");
    decoders.addObject().put("type", "ByteFallback");
    decoders.addObject().put("type", "Fuse");
    decoders.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
  }

  private void model(ObjectNode target) {
    target.put("type", "BPE").putNull("dropout").put("unk_token", "<unk>");
    target.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    target.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
    ObjectNode entries = target.putObject("vocab");
    vocabulary.forEach(entries::put);
    ArrayNode merges = target.putArray("merges");
    // A blank between the two parts: the form that every release of the library reads.
    merges().forEach(merge -> merges.add(text(merge.left()) + " " + text(merge.right())));
  }

  private record Merge(int left, int right, float score) {}

  private List<Merge> merges() {
    List<Merge> merges = new ArrayList<>();
    for (int id = Llama2cVocabulary.FIRST_PIECE; id < pieces.size(); id++) {
      String piece = text(id);
      for (int cut = 1; cut < piece.length(); cut = piece.offsetByCodePoints(cut, 1)) {
        int left = vocabulary.getOrDefault(piece.substring(0, cut), -1);
        int right = vocabulary.getOrDefault(piece.substring(cut), -1);
        if (isPiece(left) && isPiece(right)) {
          merges.add(new Merge(left, right, pieces.get(id).score()));
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble((Merge merge) -> -merge.score())
            .thenComparingInt(Merge::left)
            .thenComparingInt(Merge::right));
    return merges;
  }

  /** Bytes and special tokens are never merged. */
  private static boolean isPiece(int id) {
    return id >= Llama2cVocabulary.FIRST_PIECE;
  }
}
