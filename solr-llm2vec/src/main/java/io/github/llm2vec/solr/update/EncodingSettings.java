/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.schema.VectorField;

/**
 * All that a processor is told.
 *
 * @param mapping from which text which field gets its vector
 * @param field that field in the schema of the request
 * @param limits how much waits to be encoded together
 */
public record EncodingSettings(VectorMapping mapping, VectorField field, BufferLimits limits) {}
