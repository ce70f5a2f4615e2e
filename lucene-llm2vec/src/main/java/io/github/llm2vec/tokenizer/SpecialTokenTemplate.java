/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The special tokens around every text.
 *
 * @param prefix ids before it
 * @param suffix ids after it
 */
record SpecialTokenTemplate(List<Integer> prefix, List<Integer> suffix) {

  private static final SpecialTokenTemplate NONE = new SpecialTokenTemplate(List.of(), List.of());

  /** Copies the lists. */
  SpecialTokenTemplate {
    prefix = List.copyOf(prefix);
    suffix = List.copyOf(suffix);
  }

  /** The same with one more id at the end. */
  SpecialTokenTemplate followedBy(int id) {
    List<Integer> longer = new ArrayList<>(suffix);
    longer.add(id);
    return new SpecialTokenTemplate(prefix, longer);
  }

  /**
   * Reads {@code post_processor} of a tokenizer.json. It is read here and not run by the native
   * library, because we cut texts ourselves before the frame goes around them, and because a
   * template with an unknown token makes the library abort the process.
   *
   * @throws TokenizerFormatException if it is malformed or does more than to frame a text
   */
  static SpecialTokenTemplate ofPostProcessor(JsonNode processor, Path file)
      throws TokenizerFormatException {
    if (processor.isNull() || processor.isMissingNode()) {
      return NONE;
    }
    String type = processor.path("type").asText();
    return switch (type) {
      case "ByteLevel" -> NONE;
      case "BertProcessing", "RobertaProcessing" ->
          new SpecialTokenTemplate(
              List.of(id(processor.path("cls").path(1), file)),
              List.of(id(processor.path("sep").path(1), file)));
      case "TemplateProcessing" -> ofTemplate(processor, file);
      case "Sequence" -> ofSequence(processor.path("processors"), file);
      default ->
          throw new TokenizerFormatException(
              file, "post_processor of type '" + type + "' is not supported");
    };
  }

  private static SpecialTokenTemplate ofSequence(JsonNode processors, Path file)
      throws TokenizerFormatException {
    List<Integer> prefix = new ArrayList<>();
    List<Integer> suffix = new ArrayList<>();
    for (JsonNode processor : processors) {
      SpecialTokenTemplate outer = ofPostProcessor(processor, file);
      prefix.addAll(0, outer.prefix);
      suffix.addAll(outer.suffix);
    }
    return new SpecialTokenTemplate(prefix, suffix);
  }

  private static SpecialTokenTemplate ofTemplate(JsonNode template, Path file)
      throws TokenizerFormatException {
    List<Integer> prefix = new ArrayList<>();
    List<Integer> suffix = new ArrayList<>();
    int texts = 0;
    for (JsonNode piece : template.path("single")) {
      if (piece.path("Sequence").path("id").asText().equals("A")) {
        texts++;
        continue;
      }
      String name = piece.path("SpecialToken").path("id").asText();
      JsonNode ids = template.path("special_tokens").path(name).path("ids");
      if (!piece.has("SpecialToken") || !ids.isArray()) {
        throw new TokenizerFormatException(
            file, "post_processor has a piece that it does not define: " + piece);
      }
      for (JsonNode id : ids) {
        (texts == 0 ? prefix : suffix).add(id(id, file));
      }
    }
    if (texts != 1) {
      throw new TokenizerFormatException(
          file,
          "post_processor must hold the text once in 'single', it holds it " + texts + " times");
    }
    return new SpecialTokenTemplate(prefix, suffix);
  }

  private static int id(JsonNode id, Path file) throws TokenizerFormatException {
    if (!id.isInt() || id.intValue() < 0) {
      throw new TokenizerFormatException(
          file, "a token id in post_processor must be a whole number >= 0, got " + id);
    }
    return id.intValue();
  }
}
