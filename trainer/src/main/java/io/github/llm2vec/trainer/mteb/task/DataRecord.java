/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A record of a data file, or what stands in its place. */
public sealed interface DataRecord {

  /** Line or number of the record in its file, counted from 1. */
  long line();

  /** A record with named fields. */
  record Fields(long line, ObjectNode values) implements DataRecord {}

  /** A place where a record should be and none can be read; {@code reason} says why. */
  record Malformed(long line, String reason) implements DataRecord {}
}
