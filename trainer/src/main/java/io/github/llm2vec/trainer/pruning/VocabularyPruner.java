/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.pruning;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Cuts the vocabulary of a {@code tokenizer.json} down to the tokens that some texts use, so that
 * those texts are cut into the same pieces as before.
 *
 * <p>Kept are, beside the used tokens: added and special tokens, the bytes that any text can fall
 * back to, the unknown token, and, of a BPE model, every token that a kept one may be merged of.
 * All merges whose result is kept stay in their order. A merge that a text has gone through has a
 * result that is part of one of its tokens and is therefore kept, and no other merge comes before
 * it that did not before: so the text goes through the same merges. Of a Unigram model the pieces
 * keep their scores, and the least of them stays, since the score of unknown characters follows
 * from it; of WordPiece the longest piece that fits was the one that was used. Ids are given anew
 * in the order of the old ones.
 */
public final class VocabularyPruner {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ObjectNode tokenizer;
  private final ObjectNode model;
  private final Map<String, Integer> ids; // of the model's vocabulary
  private final Map<Integer, Integer> renumbered = new HashMap<>();

  /**
   * A tokenizer whose vocabulary was cut.
   *
   * @param tokenizer the content of tokenizer.json
   * @param kept the old ids in the order of the new ones
   */
  public record Pruned(ObjectNode tokenizer, List<Integer> kept) {

    /** Copies the list. */
    public Pruned {
      kept = List.copyOf(kept);
    }

    /** The new id of an old one, or -1 if it is gone. */
    public int newId(int old) {
      return kept.indexOf(old);
    }
  }

  private VocabularyPruner(ObjectNode tokenizer, Map<String, Integer> ids) {
    this.tokenizer = tokenizer;
    this.model = (ObjectNode) tokenizer.get("model");
    this.ids = ids;
  }

  /**
   * Cuts a vocabulary.
   *
   * @param tokenizer the content of tokenizer.json, which is left as it is
   * @param used the ids that texts use
   * @throws IOException if the tokenizer is of a kind that is not known
   */
  public static Pruned prune(ObjectNode tokenizer, Set<Integer> used) throws IOException {
    ObjectNode copy = tokenizer.deepCopy();
    if (!(copy.get("model") instanceof ObjectNode model)) {
      throw new IOException(
          "tokenizer.json has no \"model\", so that its vocabulary cannot be cut");
    }
    return new VocabularyPruner(copy, vocabulary(model)).prune(used);
  }

  private static Map<String, Integer> vocabulary(ObjectNode model) throws IOException {
    Map<String, Integer> ids = new HashMap<>();
    JsonNode vocabulary = model.path("vocab");
    if (vocabulary.isArray()) {
      for (JsonNode piece : vocabulary) {
        ids.put(piece.path(0).asText(), ids.size());
      }
      if (ids.size() != vocabulary.size()) {
        throw new IOException("tokenizer.json has a piece twice; its vocabulary cannot be cut");
      }
    } else {
      vocabulary.properties().forEach(token -> ids.put(token.getKey(), token.getValue().asInt()));
    }
    return ids;
  }

  private Pruned prune(Set<Integer> used) throws IOException {
    String type = model.path("type").asText(model.has("merges") ? "BPE" : "");
    if (!List.of("BPE", "Unigram", "WordPiece", "WordLevel").contains(type)) {
      throw new IOException("a tokenizer of type \"" + type + "\" cannot be cut");
    }
    Set<Integer> kept = new TreeSet<>(used);
    tokenizer.path("added_tokens").forEach(token -> kept.add(token.path("id").asInt()));
    ids.forEach(
        (token, id) -> {
          if (token.matches("<0x[0-9A-Fa-f]{2}>")) {
            kept.add(id);
          }
        });
    keepUnknown(kept);
    switch (type) {
      case "BPE" -> {
        keepByteLevel(kept);
        keepParts(kept);
      }
      case "Unigram" -> keepLeast(kept);
      default -> {}
    }
    List<Integer> order = new ArrayList<>(kept);
    for (int id : order) {
      renumbered.put(id, renumbered.size());
    }
    cutVocabulary(kept);
    renumberAddedTokens();
    renumber(tokenizer.path("post_processor"));
    renumber(tokenizer.path("padding"));
    return new Pruned(tokenizer, order);
  }

  private void keepUnknown(Set<Integer> kept) {
    Integer unknown = ids.get(model.path("unk_token").asText(""));
    if (unknown != null) {
      kept.add(unknown);
    }
    if (model.path("unk_id").isInt()) {
      kept.add(model.path("unk_id").asInt());
    }
  }

  /** The 256 characters that stand for bytes, where the vocabulary has them all. */
  private void keepByteLevel(Set<Integer> kept) {
    List<Integer> bytes = new ArrayList<>();
    int beyond = 256;
    for (int value = 0; value < 256; value++) {
      boolean itself =
          (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xAC) || value >= 0xAE;
      Integer id = ids.get(Character.toString(itself ? value : beyond++));
      if (id == null) {
        return;
      }
      bytes.add(id);
    }
    kept.addAll(bytes);
  }

  private record Merge(String left, String right, String result, JsonNode node) {}

  private List<Merge> merges() {
    String prefix = model.path("continuing_subword_prefix").asText("");
    List<Merge> merges = new ArrayList<>();
    for (JsonNode node : model.path("merges")) {
      String text = node.asText();
      int blank = node.isArray() ? 0 : text.indexOf(' ');
      String left = node.isArray() ? node.path(0).asText() : text.substring(0, blank);
      String right = node.isArray() ? node.path(1).asText() : text.substring(blank + 1);
      String tail = right.startsWith(prefix) ? right.substring(prefix.length()) : right;
      merges.add(new Merge(left, right, left + tail, node));
    }
    return merges;
  }

  private void keepParts(Set<Integer> kept) {
    Map<String, List<Merge>> byResult = new HashMap<>();
    for (Merge merge : merges()) {
      byResult.computeIfAbsent(merge.result(), result -> new ArrayList<>()).add(merge);
    }
    Map<Integer, String> tokens = new HashMap<>();
    ids.forEach((token, id) -> tokens.put(id, token));
    Deque<Integer> open = new ArrayDeque<>(kept);
    while (!open.isEmpty()) {
      String token = tokens.get(open.pop());
      for (Merge merge : byResult.getOrDefault(token == null ? "" : token, List.of())) {
        for (String part : List.of(merge.left(), merge.right())) {
          Integer id = ids.get(part);
          if (id != null && kept.add(id)) {
            open.push(id);
          }
        }
      }
    }
  }

  /** Unknown characters score ten below the least piece. */
  private void keepLeast(Set<Integer> kept) {
    int least = 0;
    JsonNode pieces = model.path("vocab");
    for (int id = 1; id < pieces.size(); id++) {
      if (pieces.get(id).path(1).asDouble() < pieces.get(least).path(1).asDouble()) {
        least = id;
      }
    }
    if (!pieces.isEmpty()) {
      kept.add(least);
    }
  }

  private int newId(int old) {
    return renumbered.getOrDefault(old, old);
  }

  private void cutVocabulary(Set<Integer> kept) {
    if (model.path("vocab") instanceof ArrayNode pieces) {
      ArrayNode left = JSON.arrayNode();
      kept.stream().filter(id -> id < pieces.size()).forEach(id -> left.add(pieces.get(id)));
      model.set("vocab", left);
      if (model.path("unk_id").isInt()) {
        model.put("unk_id", newId(model.path("unk_id").asInt()));
      }
      return;
    }
    ObjectNode left = JSON.objectNode();
    ids.entrySet().stream()
        .filter(token -> kept.contains(token.getValue()))
        .sorted(Comparator.comparing(Map.Entry::getValue))
        .forEach(token -> left.put(token.getKey(), newId(token.getValue())));
    model.set("vocab", left);
    if (model.has("merges")) {
      Set<String> tokens = new HashSet<>();
      left.fieldNames().forEachRemaining(tokens::add);
      ArrayNode merges = JSON.arrayNode();
      for (Merge merge : merges()) {
        if (tokens.containsAll(List.of(merge.left(), merge.right(), merge.result()))) {
          merges.add(merge.node());
        }
      }
      model.set("merges", merges);
    }
  }

  private void renumberAddedTokens() {
    for (JsonNode token : tokenizer.path("added_tokens")) {
      ((ObjectNode) token).put("id", newId(token.path("id").asInt()));
    }
  }

  /** Ids in the parts of the file that put special tokens around a text. */
  private void renumber(JsonNode node) {
    if (node instanceof ArrayNode list) {
      list.forEach(this::renumber);
      return;
    }
    if (!(node instanceof ObjectNode object)) {
      return;
    }
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      JsonNode value = field.getValue();
      switch (field.getKey()) {
        // TemplateProcessing: {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}
        case "ids" -> {
          ArrayNode list = (ArrayNode) value;
          for (int i = 0; i < list.size(); i++) {
            list.set(i, IntNode.valueOf(newId(list.get(i).asInt())));
          }
        }
        // BertProcessing and RobertaProcessing: ["[SEP]", 102]
        case "sep", "cls" -> {
          if (value instanceof ArrayNode pair && pair.path(1).isInt()) {
            pair.set(1, IntNode.valueOf(newId(pair.get(1).asInt())));
          }
        }
        case "pad_id" -> field.setValue(IntNode.valueOf(newId(value.asInt())));
        default -> renumber(value);
      }
    }
  }
}
