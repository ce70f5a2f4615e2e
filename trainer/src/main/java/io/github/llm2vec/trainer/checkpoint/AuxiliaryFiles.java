/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/**
 * The files beside a model's weights: those of the tokenizer, and {@code llm2vec_config.json}.
 *
 * @param tokenizer the folder whose tokenizer files are copied as they are
 * @param encoding what {@code llm2vec_config.json} says, for an encoder
 */
public record AuxiliaryFiles(Path tokenizer, Optional<Encoding> encoding)
    implements CheckpointStore.Writer {

  private static final List<String> TOKENIZER =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "tokenizer.model");

  /**
   * How texts are encoded.
   *
   * @param pooling {@code pooling_mode}
   * @param maxLength {@code max_length}
   * @param docMaxLength {@code doc_max_length}
   * @param skipInstruction {@code skip_instruction}; true in upstream's training
   */
  public record Encoding(
      String pooling, int maxLength, int docMaxLength, boolean skipInstruction) {}

  @Override
  public void write(Path folder) throws IOException {
    for (String name : TOKENIZER) {
      Path file = tokenizer.resolve(name);
      if (Files.exists(file)) {
        copy(file, folder.resolve(name));
      }
    }
    if (encoding.isPresent()) {
      Files.writeString(folder.resolve("llm2vec_config.json"), json(encoding.get()));
    }
  }

  /** The result may be written where the model came from. */
  private static void copy(Path from, Path to) throws IOException {
    if (!Files.exists(to) || !Files.isSameFile(from, to)) {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static String json(Encoding encoding) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("pooling_mode", encoding.pooling());
    root.put("max_length", encoding.maxLength());
    root.put("doc_max_length", encoding.docMaxLength());
    root.put("skip_instruction", encoding.skipInstruction());
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(new DefaultIndenter("    ", "\n"));
    return mapper.writer(printer).writeValueAsString(root) + "\n";
  }
}
