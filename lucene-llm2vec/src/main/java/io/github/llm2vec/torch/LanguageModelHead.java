/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/** Source of the matrix that turns hidden states into logits. */
public enum LanguageModelHead {
  /** There is none; only contrastive losses can be computed. */
  NONE,
  /**
   * The token embeddings: frozen beside an adapter, as PEFT freezes them, and trained with all
   * weights.
   */
  TIED,
  /**
   * The checkpoint's own {@code lm_head.weight}, trained in full beside the adapter as LLM2Vec's
   * MNTP stage does, or with all weights.
   */
  TRAINED,
  /** The checkpoint's own {@code lm_head.weight}, which stays as it is. */
  FROZEN
}
