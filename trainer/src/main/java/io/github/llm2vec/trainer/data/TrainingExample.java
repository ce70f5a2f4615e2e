/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.util.Optional;

/**
 * What a contrastive loss is computed on.
 *
 * @param query what is searched with
 * @param positive what belongs to it
 * @param negative what looks like it and does not belong to it; absent in all examples of a run or
 *     in none
 */
public record TrainingExample(
    PromptedText query, PromptedText positive, Optional<PromptedText> negative) {}
