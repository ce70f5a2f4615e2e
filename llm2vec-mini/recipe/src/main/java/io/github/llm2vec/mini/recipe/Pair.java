/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

/**
 * What someone may ask, and a text that answers it.
 *
 * @param query a question, a term, a title or a sentence
 * @param positive the text that should be found
 */
public record Pair(String query, String positive) {}
