/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Which tokens are masked, and how.
 *
 * @param probability {@code mlm_probability}: share of tokens that are selected
 * @param collator {@code data_collator_type}
 * @param token {@code mask_token_type}
 * @param trainLmHead {@code train_lm_head}: whether the output layer is trained with the adapter
 *     and then thrown away, as upstream does where it is not tied to the embeddings; not upstream's
 *     key
 * @param maskFile {@code mask_file}: masked batches to train on instead of drawing masks, for
 *     comparisons with other trainers; not upstream's key
 */
public record MaskingArguments(
    double probability,
    Collator collator,
    MaskToken token,
    boolean trainLmHead,
    Optional<Path> maskFile) {

  /** What becomes of a selected token. */
  public enum Collator implements NamedOption {
    /** Masked in 80 of 100 cases, another token in 10, itself in 10, as BERT has it. */
    DEFAULT,
    /** Always masked. */
    ALL_MASK
  }

  /** What a masked token becomes, where the tokenizer has no mask token of its own. */
  public enum MaskToken implements NamedOption {
    /** The vocabulary entry {@code _}. */
    BLANK,
    /** The end-of-sequence token. */
    EOS,
    /** A new token {@code <mask>}, for which the embeddings grow. */
    MASK;
  }

  static MaskingArguments read(ConfigValues values) {
    return new MaskingArguments(
        values.decimal("mlm_probability", 0.15, ConfigValues.Range.POSITIVE_SHARE),
        values.choice("data_collator_type", Collator.DEFAULT),
        values.choice("mask_token_type", MaskToken.BLANK),
        values.flag("train_lm_head", true),
        values.optionalText("mask_file").map(Path::of));
  }
}
