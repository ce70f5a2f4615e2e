/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.mini.tokenizer.MergeLearner.Merge;
import io.github.llm2vec.mini.tokenizer.TokenizerOptions.SpecialToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A tokenizer that was learned; can be written as the files of a model folder. */
public record TrainedTokenizer(TokenizerOptions options, List<String> tokens, List<Merge> merges) {

  private static final JsonMapper MAPPER = new JsonMapper();

  /** Copies what it is given. */
  public TrainedTokenizer {
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
  }

  /** Number of ids, special tokens included: the {@code vocab_size} of a model for it. */
  public int vocabularySize() {
    return tokens.size() + SpecialToken.values().length;
  }

  /**
   * Writes {@code tokenizer.json}, {@code tokenizer_config.json} and {@code
   * special_tokens_map.json}, each complete or not at all.
   *
   * @param folder made if it is not there; files of these names are replaced
   */
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    TokenizerFiles files = new TokenizerFiles(options, tokens, merges);
    write(folder.resolve("special_tokens_map.json"), files.specialTokensMap());
    write(folder.resolve("tokenizer_config.json"), files.configuration());
    write(folder.resolve("tokenizer.json"), files.tokenizer());
  }

  private static void write(Path file, ObjectNode json) throws IOException {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
    AtomicFile.write(file, MAPPER.writer(printer).writeValueAsString(json) + "\n");
  }
}
