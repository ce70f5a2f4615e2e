/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.MaskingArguments;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The token that stands in the place of masked ones.
 *
 * @param content its text
 * @param id its id
 * @param isNew whether the model has no embedding for it yet, so that its embeddings must grow to
 *     {@code vocabularySize} rows
 * @param vocabularySize number of ids that a masked token may be replaced by at random, this one
 *     included
 */
public record MaskToken(String content, int id, boolean isNew, int vocabularySize) {

  private static final String BLANK = "_";
  private static final String NEW = "<mask>";

  /**
   * Chooses the mask token as upstream does: the tokenizer's own if it has one, else as configured.
   *
   * @throws IllegalArgumentException if the tokenizer does not have the token
   */
  public static MaskToken choose(
      MaskingArguments.MaskToken type, Tokenizer tokenizer, TokenizerSettings settings) {
    Optional<String> own = settings.maskToken();
    if (own.isPresent()) {
      return known(own.get(), tokenizer.idOf(own.get()), tokenizer);
    }
    return switch (type) {
      case BLANK -> known(BLANK, tokenizer.idOf(BLANK), tokenizer);
      case EOS -> known("the end-of-sequence token", tokenizer.eosId(), tokenizer);
      case MASK ->
          tokenizer.idOf(NEW).isPresent()
              ? known(NEW, tokenizer.idOf(NEW), tokenizer)
              : new MaskToken(NEW, tokenizer.vocabSize(), true, tokenizer.vocabSize() + 1);
    };
  }

  private static MaskToken known(String content, OptionalInt id, Tokenizer tokenizer) {
    if (id.isEmpty()) {
      throw new IllegalArgumentException(
          "the tokenizer has no token '"
              + content
              + "' to mask with; choose another mask_token_type: blank, eos or mask");
    }
    return new MaskToken(content, id.getAsInt(), false, tokenizer.vocabSize());
  }
}
