/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

/** What a text is to a retrieval model: the question or what is searched. */
public enum Role {
  /** A search request; it usually carries an instruction. */
  QUERY,
  /** A text to be found; most models give it no instruction. */
  DOCUMENT
}
