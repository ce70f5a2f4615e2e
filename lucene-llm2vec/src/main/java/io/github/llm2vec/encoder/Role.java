/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

/** The role of a text in retrieval: query or document. */
public enum Role {
  /** A search request; it usually carries an instruction. */
  QUERY,
  /** A text to be found; most models give it no instruction. */
  DOCUMENT
}
