/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A tokenizer as its files define it, all questions settled.
 *
 * @param file the tokenizer.json, for messages
 * @param json what the native library is built from
 * @param ids content to id of every token, added ones included
 * @param atomic contents that are always cut out of a text
 * @param vocabSize largest id plus one
 * @param bosId id of bos_token
 * @param eosId id of eos_token
 * @param frame the special tokens around a text
 * @param cutPoints where a text may be cut without a change of the first ids
 */
record TokenizerDefinition(
    Path file,
    String json,
    Map<String, Integer> ids,
    Set<String> atomic,
    int vocabSize,
    OptionalInt bosId,
    OptionalInt eosId,
    SequenceFrame frame,
    CutPoints cutPoints) {

  /**
   * Reads a model folder.
   *
   * @throws TokenizerFormatException if a file is missing, malformed or contradicts another
   */
  static TokenizerDefinition read(Path folder, TokenizerOptions options) throws IOException {
    TokenizerJson json = TokenizerJson.read(folder.resolve("tokenizer.json"));
    SpecialTokens special = SpecialTokens.read(folder);
    List<ObjectNode> added = new ArrayList<>(json.addedTokens());
    if (!options.atomicMaskToken()) {
      dropOrdinaryMaskToken(special, added, json.vocabulary());
    }
    Map<String, Integer> known = new HashMap<>(json.vocabulary());
    known.putAll(TokenizerJson.assignIds(added, json.vocabulary()));
    special.dropDefaultsMissingFrom(known);
    added.addAll(special.toAdd(added));
    Map<String, Integer> addedIds = TokenizerJson.assignIds(added, json.vocabulary());
    known.putAll(addedIds);
    int largest = json.largestModelId();
    for (int id : addedIds.values()) {
      largest = Math.max(largest, id);
    }
    return new TokenizerDefinition(
        json.file(),
        json.withAddedTokens(added),
        known,
        new HashSet<>(addedIds.keySet()),
        largest + 1,
        idOf(special.content("bos_token"), known),
        idOf(special.content("eos_token"), known),
        options.configuredFrame() ? configured(json, special, known) : json.frame(),
        json.cutPoints(addedIds.keySet()));
  }

  /** A mask token such as LLM2Vec's "_", an ordinary vocabulary entry, stops being cut out. */
  private static void dropOrdinaryMaskToken(
      SpecialTokens special, List<ObjectNode> added, Map<String, Integer> vocabulary) {
    Optional<String> mask = special.content("mask_token").filter(vocabulary::containsKey);
    mask.ifPresent(
        content -> {
          special.remove("mask_token");
          added.removeIf(token -> SpecialTokens.hasContent(token, content));
        });
  }

  /**
   * Classes that frame a text themselves do not look at tokenizer.json; a model's own Python code
   * (gte-Qwen2) does, and adds EOS if told so.
   */
  private static SequenceFrame configured(
      TokenizerJson json, SpecialTokens special, Map<String, Integer> ids)
      throws TokenizerFormatException {
    boolean addEos = special.flag("add_eos_token", false);
    if (special.tokenizerClass().framesItself()) {
      List<Integer> bos =
          special.flag("add_bos_token", true)
              ? List.of(required(json.file(), special, "bos_token", ids))
              : List.of();
      List<Integer> eos =
          addEos ? List.of(required(json.file(), special, "eos_token", ids)) : List.of();
      return new SequenceFrame(bos, eos);
    }
    if (!special.hasOwnCode() || !addEos) {
      return json.frame();
    }
    int eos = required(json.file(), special, "eos_token", ids);
    return json.frame().suffix().contains(eos) ? json.frame() : json.frame().followedBy(eos);
  }

  private static int required(
      Path file, SpecialTokens special, String role, Map<String, Integer> ids)
      throws TokenizerFormatException {
    OptionalInt id = idOf(special.content(role), ids);
    if (id.isEmpty()) {
      throw new TokenizerFormatException(
          file,
          "tokenizer_config.json asks for add_"
              + role
              + " but names no "
              + role
              + " that tokenizer.json has; name it there or set add_"
              + role
              + " to false");
    }
    return id.getAsInt();
  }

  private static OptionalInt idOf(Optional<String> content, Map<String, Integer> ids) {
    Integer id = content.map(ids::get).orElse(null);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
