/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The datasets of the E5 collection as upstream trains on them, in its order, with the instruction
 * of their queries. Where there are two, lines of even number (from 0) take the first and lines of
 * odd number the second.
 */
final class E5Instructions {

  private static final Map<String, List<String>> BY_DATASET = table();

  /** Instructions under which documents are like queries. */
  private static final Set<String> SYMMETRIC =
      Set.of(
          "Retrieve semantically similar text",
          "Given a question, retrieve questions that are semantically equivalent to the given"
              + " question",
          "Find questions that have the same meaning as the input question");

  private E5Instructions() {}

  private static Map<String, List<String>> table() {
    String chinese = "Given a Chinese search query, retrieve web passages that answer the question";
    String passages = "Given a question, retrieve Wikipedia passages that answer the question";
    String trivia = "Retrieve Wikipedia passages that answer the question";
    Map<String, List<String>> table = new LinkedHashMap<>();
    table.put(
        "allnli",
        List.of(
            "Given a premise, retrieve a hypothesis that is entailed by the premise",
            "Retrieve semantically similar text"));
    table.put("dureader", List.of(chinese));
    table.put(
        "eli5_question_answer",
        List.of(
            "Provided a user question, retrieve the highest voted answers on Reddit ELI5 forum"));
    table.put(
        "fever", List.of("Given a claim, retrieve documents that support or refute the claim"));
    table.put(
        "hotpot_qa",
        List.of(
            "Given a multi-hop question, retrieve documents that can help answer the question"));
    table.put("miracl", List.of(passages));
    table.put("mrtydi", List.of(passages));
    table.put(
        "msmarco_passage",
        List.of("Given a web search query, retrieve relevant passages that answer the query"));
    table.put(
        "msmarco_document",
        List.of("Given a web search query, retrieve relevant documents that answer the query"));
    table.put("nq", List.of(passages));
    table.put(
        "quora_duplicates",
        List.of(
            "Given a question, retrieve questions that are semantically equivalent to the given"
                + " question",
            "Find questions that have the same meaning as the input question"));
    table.put("squad", List.of(trivia));
    table.put("t2ranking", List.of(chinese));
    table.put("trivia_qa", List.of(trivia));
    return table;
  }

  /** Names of the datasets, which are those of their files without {@code .jsonl}. */
  static List<String> datasets() {
    return List.copyOf(BY_DATASET.keySet());
  }

  /**
   * The instruction of a query.
   *
   * @param dataset its dataset
   * @param line the number of its line, from 0
   */
  static String of(String dataset, long line) {
    List<String> instructions = Objects.requireNonNull(BY_DATASET.get(dataset), dataset);
    return instructions.get((int) (line % instructions.size()));
  }

  /** Whether documents that are found under an instruction are like the queries. */
  static boolean isSymmetric(String instruction) {
    return SYMMETRIC.contains(instruction);
  }
}
