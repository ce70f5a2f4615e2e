/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.MaskingArguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerSettingsTest {

  private static final Path CHECKPOINTS =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints");

  @TempDir Path folder;

  private TokenizerSettings read(String config) throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), config);
    return TokenizerSettings.read(folder);
  }

  @Test
  void readsTheLengthThatMeansNoneAsNone() throws IOException {
    TokenizerSettings none = read("{\"model_max_length\": 1000000000000000019884624838656}");
    assertEquals(OptionalInt.empty(), none.modelMaxLength());
    assertEquals(1024, none.sequenceLength(OptionalInt.empty()));
    assertEquals(4096, none.sequenceLength(OptionalInt.of(4096)));
    TokenizerSettings some = read("{\"model_max_length\": 512}");
    assertEquals(512, some.sequenceLength(OptionalInt.empty()));
    assertEquals(512, some.sequenceLength(OptionalInt.of(4096)));
    assertEquals(128, some.sequenceLength(OptionalInt.of(128)));
  }

  @Test
  void knowsWhichClassesPadOnTheLeft() throws IOException {
    assertTrue(read("{\"tokenizer_class\": \"LlamaTokenizer\"}").padLeft());
    assertFalse(read("{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}").padLeft());
    assertFalse(
        read("{\"tokenizer_class\": \"LlamaTokenizer\", \"padding_side\": \"right\"}").padLeft());
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"mistral\"}");
    assertTrue(read("{}").padLeft());
  }

  @Test
  void findsTheMaskTokenInEitherFile() throws IOException {
    assertEquals(Optional.of("_"), read("{\"mask_token\": \"_\"}").maskToken());
    assertEquals(Optional.of("[M]"), read("{\"mask_token\": {\"content\": \"[M]\"}}").maskToken());
    Files.writeString(folder.resolve("special_tokens_map.json"), "{\"mask_token\": \"_\"}");
    assertEquals(Optional.of("_"), read("{}").maskToken());
  }

  @Test
  void choosesTheMaskTokenOfEveryKind() throws IOException {
    TokenizerSettings none = read("{}");
    try (Tokenizer tokenizer = Tokenizer.open(CHECKPOINTS.resolve("llama3-gqa"))) {
      assertEquals(62, MaskToken.choose(MaskingArguments.MaskToken.BLANK, tokenizer, none).id());
      MaskToken eos = MaskToken.choose(MaskingArguments.MaskToken.EOS, tokenizer, none);
      assertEquals(tokenizer.eosId().orElseThrow(), eos.id());
      assertEquals(
          new MaskToken("<mask>", 432, true, 433),
          MaskToken.choose(MaskingArguments.MaskToken.MASK, tokenizer, none));
      TokenizerSettings own = read("{\"mask_token\": \"<|eot_id|>\"}");
      assertEquals(431, MaskToken.choose(MaskingArguments.MaskToken.BLANK, tokenizer, own).id());
      TokenizerSettings unknown = read("{\"mask_token\": \"[M]\"}");
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> MaskToken.choose(MaskingArguments.MaskToken.BLANK, tokenizer, unknown));
      assertTrue(e.getMessage().contains("no token '[M]' to mask with"));
    }
  }
}
