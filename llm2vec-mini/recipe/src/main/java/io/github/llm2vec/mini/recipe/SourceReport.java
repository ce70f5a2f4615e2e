/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.recipe;

/**
 * What came of a source.
 *
 * @param name the source
 * @param found pairs in it
 * @param leaking pairs left out because a test collection has words in common with them
 * @param used pairs written
 */
public record SourceReport(String name, int found, int leaking, int used) {}
