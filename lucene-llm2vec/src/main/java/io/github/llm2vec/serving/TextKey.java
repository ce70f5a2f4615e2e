/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Prompt;

/**
 * Key of a text in the queue and in the cache: what its vector depends on for one model.
 *
 * @param prompt with the instruction that counts
 */
public record TextKey(Prompt prompt, String text) {}
