/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

/** Handling of a document whose text cannot be encoded. */
public enum OnError {
  /** It is refused and the request fails, naming it. */
  FAIL,
  /** It is indexed without its vector, counted and, if a field is named for that, marked. */
  SKIP,
  /** It is tried again a few times, unless its text is to blame; then it is refused. */
  RETRY
}
