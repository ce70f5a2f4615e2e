/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.Objects;

/**
 * The role and instruction under which a list of texts is encoded.
 *
 * @param role whether the texts are queries or documents; a model may frame them differently
 * @param instruction the task sentence put before every text, or "" for none. It is used as given:
 *     LLM2Vec's own end with a colon, for example {@code "Given a web search query, retrieve
 *     relevant passages that answer the query:"}
 */
public record Prompt(Role role, String instruction) {

  private static final Prompt PLAIN_DOCUMENT = new Prompt(Role.DOCUMENT, "");
  private static final Prompt PLAIN_QUERY = new Prompt(Role.QUERY, "");

  /** Rejects null. */
  public Prompt {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(instruction, "instruction");
  }

  /** Documents without an instruction. */
  public static Prompt document() {
    return PLAIN_DOCUMENT;
  }

  /** Documents that carry an instruction, as symmetric tasks want it. */
  public static Prompt document(String instruction) {
    return new Prompt(Role.DOCUMENT, instruction);
  }

  /** Queries with the instruction that the model has for them, if it has one, else without. */
  public static Prompt query() {
    return PLAIN_QUERY;
  }

  /** Queries that carry the given instruction. */
  public static Prompt query(String instruction) {
    return new Prompt(Role.QUERY, instruction);
  }
}
