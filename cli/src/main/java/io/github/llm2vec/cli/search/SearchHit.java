/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

/**
 * A document that was found.
 *
 * @param id its id in the collection
 * @param title its title, or ""
 * @param text its text
 * @param score what it was ranked by; the higher the better
 */
public record SearchHit(String id, String title, String text, double score) {}
