/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A record with named fields: a line of JSON, or a row of Parquet.
 *
 * @param line its line or row in the file, from 1
 * @param values the fields
 */
public record DataRecord(long line, ObjectNode values) {}
