/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

/**
 * A document that was found by one of its passages.
 *
 * @param doc number of the document in the searched reader
 * @param score Lucene's score of its best passage
 * @param range where the passage is in the document's text
 * @param text the passage itself
 */
public record PassageHit(int doc, float score, TextRange range, String text) {}
