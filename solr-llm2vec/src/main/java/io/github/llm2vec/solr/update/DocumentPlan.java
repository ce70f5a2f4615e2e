/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

/** What is to be done about the vector of a document. */
sealed interface DocumentPlan {

  /** Nothing: it has its vector, keeps it, or has no text. */
  record Forward() implements DocumentPlan {}

  /**
   * Its text is to be encoded.
   *
   * @param text of the document, not blank
   * @param atomic whether the vector goes in as the operation of an atomic update
   */
  record Encode(String text, boolean atomic) implements DocumentPlan {}

  /** An atomic update that takes all its text away takes the vector away, too. */
  record Clear() implements DocumentPlan {}
}
