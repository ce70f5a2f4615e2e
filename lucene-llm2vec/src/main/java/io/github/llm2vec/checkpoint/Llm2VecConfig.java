/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.files.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The file {@code llm2vec_config.json}, in which a checkpoint says how texts are to be encoded. A
 * caller's own choices come before it, LLM2Vec's defaults after it.
 *
 * @param poolingMode {@code pooling_mode}, such as {@code mean}
 * @param maxLength {@code max_length}, tokens of a whole input
 * @param docMaxLength {@code doc_max_length}, tokens of a text without its instruction
 * @param skipInstruction {@code skip_instruction}, whether pooling leaves the instruction out
 */
public record Llm2VecConfig(
    Optional<String> poolingMode,
    Optional<Integer> maxLength,
    Optional<Integer> docMaxLength,
    Optional<Boolean> skipInstruction) {

  static final String FILE_NAME = "llm2vec_config.json";

  private static final int MAX_TOKENS = 1 << 30;

  /** A checkpoint that says nothing. */
  public static final Llm2VecConfig EMPTY =
      new Llm2VecConfig(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * Reads the file.
   *
   * @throws ModelFormatException if it is not valid or has a key other than the four
   */
  public static Llm2VecConfig read(Path file) throws IOException {
    JsonObject json = JsonObject.read(file);
    json.requireKnownKeys(
        List.of("pooling_mode", "max_length", "doc_max_length", "skip_instruction"));
    return new Llm2VecConfig(
        json.text("pooling_mode"),
        json.whole("max_length", 1, MAX_TOKENS),
        json.whole("doc_max_length", 1, MAX_TOKENS),
        json.flag("skip_instruction"));
  }
}
