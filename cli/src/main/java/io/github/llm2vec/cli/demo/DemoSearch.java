/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import java.util.Map;

/**
 * One of the searches that the demo compares.
 *
 * @param name its short name
 * @param title what it is called where people read it
 * @param handler the request handler of the collection, for example {@code /select}
 * @param params parameters of the request, which refer to the query as {@code $qq}
 */
public record DemoSearch(String name, String title, String handler, Map<String, String> params) {

  /** Copies the map. */
  public DemoSearch {
    params = Map.copyOf(params);
  }
}
