/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

/**
 * What a query parser falls back on.
 *
 * @param model for queries that name none; "" if they must
 * @param instruction for queries that bring none; "" for the model's own
 */
public record QueryDefaults(String model, String instruction) {}
