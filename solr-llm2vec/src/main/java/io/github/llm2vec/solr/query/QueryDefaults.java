/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

/**
 * What a query parser falls back on.
 *
 * @param model for queries that name none; "" if they must
 * @param instruction for queries that bring none; "" for the model's own
 * @param dimensions width that vectors are cut to; 0 for the model's own
 * @param efSearch width of the beam; 0 for 2 {@code topK}, at least 200
 * @param overRequest how many times {@code topK} candidates are scored again from full floats; 0
 *     for none
 */
public record QueryDefaults(
    String model, String instruction, int dimensions, int efSearch, int overRequest) {

  /** Nothing to fall back on. */
  public static final QueryDefaults NONE = new QueryDefaults("", "", 0, 0, 0);
}
