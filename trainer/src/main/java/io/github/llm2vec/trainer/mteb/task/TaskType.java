/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

/** The kinds of MTEB's tasks that can be evaluated. */
public enum TaskType {
  /** Documents are ranked for queries. */
  RETRIEVAL("Retrieval", "ndcg_at_10", "Retrieve text based on user query:"),
  /** Similarities of pairs are correlated with people's. */
  STS("STS", "cosine_spearman", "Retrieve semantically similar text:");

  private final String mtebName;
  private final String mainScore;
  private final String defaultInstruction;

  TaskType(String mtebName, String mainScore, String defaultInstruction) {
    this.mtebName = mtebName;
    this.mainScore = mainScore;
    this.defaultInstruction = defaultInstruction;
  }

  /** The name in MTEB. */
  public String mtebName() {
    return mtebName;
  }

  /** The measure by which systems are ranked. */
  public String mainScore() {
    return mainScore;
  }

  /** MTEB's instruction for a task that has none of its own, in LLM2Vec's spelling. */
  public String defaultInstruction() {
    return defaultInstruction;
  }
}
