/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tokenizer as its files define it, all questions settled.
 *
 * @param file the tokenizer.json, for messages
 * @param json what the native library is built from
 * @param ids content to id of every token, added ones included
 * @param atomic contents that are always cut out of a text
 * @param special ids of the special tokens that the small files name
 * @param vocabSize largest id plus one
 * @param bosId id of bos_token
 * @param eosId id of eos_token
 * @param frame the special tokens around a text
 * @param truncatesLeft whether a text that is too long loses its beginning
 * @param cutPoints where a text may be cut without a change of the first ids
 * @param vanishing added tokens of which the normalizer may leave nothing
 */
record TokenizerDefinition(
    Path file,
    String json,
    Map<String, Integer> ids,
    Set<String> atomic,
    Set<Integer> special,
    int vocabSize,
    OptionalInt bosId,
    OptionalInt eosId,
    SpecialTokenTemplate frame,
    boolean truncatesLeft,
    SafeSplitPoints cutPoints,
    Vanishing vanishing) {

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerDefinition.class);

  /**
   * Added tokens that are matched after normalization.
   *
   * @param tokens their contents; none if the normalizer deletes nothing
   * @param normalizerAlone a tokenizer that has one token for any text of which something is left
   */
  record Vanishing(List<String> tokens, String normalizerAlone) {

    private static Vanishing of(TokenizerJson json, List<ObjectNode> added) throws IOException {
      if (!TokenizerComponents.mayDelete(json.normalizer())) {
        return new Vanishing(List.of(), "");
      }
      List<String> tokens =
          added.stream()
              .filter(token -> token.path("normalized").asBoolean())
              .map(token -> token.path("content").asText())
              .toList();
      return new Vanishing(tokens, json.normalizerAlone());
    }
  }

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
    TokenizerFlags switches = new TokenizerFlags(special, options);
    switches.apply(json);
    List<ObjectNode> passedOn = switches.passedOn(added, json.vocabulary());
    Set<String> atomic = new HashSet<>(TokenizerJson.assignIds(passedOn, Map.of()).keySet());
    return new TokenizerDefinition(
        json.file(),
        json.withAddedTokens(passedOn),
        known,
        atomic,
        special.contents().stream()
            .map(known::get)
            .filter(Objects::nonNull)
            .collect(Collectors.toSet()),
        largest + 1,
        idOf(special.content("bos_token"), known),
        idOf(special.content("eos_token"), known),
        frame(json, special, known, options.frame()),
        switches.truncatesLeft(json),
        json.cutPoints(atomic),
        Vanishing.of(json, passedOn));
  }

  /** A token for messages: its content and its id. */
  String describe(int id) {
    String content =
        ids.entrySet().stream()
            .filter(entry -> entry.getValue() == id)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse("");
    return "'" + content + "' (id " + id + ")";
  }

  /**
   * Checks that the special tokens around every text have a row in a model's embedding, and warns
   * if other tokens have none.
   *
   * @param rows of the embedding
   * @throws TokenizerFormatException if one of them has none
   */
  void requireFrameBelow(int rows) throws TokenizerFormatException {
    if (vocabSize <= rows) {
      return;
    }
    for (int id : Stream.of(frame.prefix(), frame.suffix()).flatMap(List::stream).toList()) {
      if (id >= rows) {
        throw new TokenizerFormatException(
            file,
            ("puts the token %s around every text, but the model's embedding has %s"
                    + " rows: the tokenizer and the weights are not of the same model")
                .formatted(describe(id), rows));
      }
    }
    LOG.warn(
        "{} has ids up to {}, the model's embedding {} rows; a text with one of the ids beyond is"
            + " refused",
        file,
        vocabSize - 1,
        rows);
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
  private static SpecialTokenTemplate frame(
      TokenizerJson json,
      SpecialTokens special,
      Map<String, Integer> ids,
      TokenizerOptions.Frame rule)
      throws TokenizerFormatException {
    boolean addEos = special.flag("add_eos_token", false);
    TokenizerClass.Framing framing = special.tokenizerClass().framing();
    boolean written = special.mentionsFrame();
    boolean byFlags =
        framing == TokenizerClass.Framing.FLAGS_ALONE
            || (framing == TokenizerClass.Framing.BOS
                && (written || rule == TokenizerOptions.Frame.CLASS));
    if (rule == TokenizerOptions.Frame.TOKENIZER_JSON) {
      return json.frame();
    }
    if (byFlags) {
      boolean addBos = special.flag("add_bos_token", framing == TokenizerClass.Framing.BOS);
      return new SpecialTokenTemplate(
          addBos ? List.of(required(json.file(), special, "bos_token", ids)) : List.of(),
          addEos ? List.of(required(json.file(), special, "eos_token", ids)) : List.of());
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
          ("tokenizer_config.json asks for add_%s but names no %s that tokenizer.json"
                  + " has; name it there or set add_%s to false")
              .formatted(role, role, role));
    }
    return id.getAsInt();
  }

  private static OptionalInt idOf(Optional<String> content, Map<String, Integer> ids) {
    Integer id = content.map(ids::get).orElse(null);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
