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
 * @param frame the special tokens around a text where the configuration decides about them
 * @param appendEos whether EOS follows what tokenizer.json puts around a text
 */
record TokenizerDefinition(
    Path file,
    String json,
    Map<String, Integer> ids,
    Set<String> atomic,
    int vocabSize,
    OptionalInt bosId,
    OptionalInt eosId,
    Optional<Frame> frame,
    boolean appendEos) {

  /**
   * Special tokens around a text.
   *
   * @param prefix ids before it
   * @param suffix ids after it
   */
  record Frame(List<Integer> prefix, List<Integer> suffix) {}

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
    boolean framesItself = special.tokenizerClass().framesItself() && options.configuredFrame();
    return new TokenizerDefinition(
        json.file(),
        json.withAddedTokens(added),
        known,
        new HashSet<>(addedIds.keySet()),
        largest + 1,
        idOf(special.content("bos_token"), known),
        idOf(special.content("eos_token"), known),
        framesItself ? Optional.of(frame(json.file(), special, known)) : Optional.empty(),
        !framesItself
            && options.configuredFrame()
            && special.hasOwnCode()
            && special.flag("add_eos_token", false));
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

  private static Frame frame(Path file, SpecialTokens special, Map<String, Integer> ids)
      throws TokenizerFormatException {
    List<Integer> prefix = List.of();
    List<Integer> suffix = List.of();
    if (special.flag("add_bos_token", true)) {
      prefix = List.of(required(file, special, "bos_token", ids));
    }
    if (special.flag("add_eos_token", false)) {
      suffix = List.of(required(file, special, "eos_token", ids));
    }
    return new Frame(prefix, suffix);
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
