/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini.tokenizer;

/**
 * Two tokens that become one.
 *
 * @param left id of the first
 * @param right id of the second
 */
record Merge(int left, int right) implements Comparable<Merge> {

  @Override
  public int compareTo(Merge other) {
    return left != other.left
        ? Integer.compare(left, other.left)
        : Integer.compare(right, other.right);
  }
}
