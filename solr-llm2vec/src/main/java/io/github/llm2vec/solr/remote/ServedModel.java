/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.util.Map;

/**
 * A model that a node serves.
 *
 * @param name in its models file
 * @param identity of its vectors
 * @param load of its queue
 */
public record ServedModel(String name, ModelIdentity identity, Load load) {

  /**
   * How busy a queue is.
   *
   * @param queryMillis time until the queries that wait are done, by estimate
   * @param documentMillis the same of everything that waits
   * @param millisPerToken what a token takes
   */
  public record Load(double queryMillis, double documentMillis, double millisPerToken) {

    /** Of a node that has not said. */
    public static final Load UNKNOWN = new Load(0, 0, 0);

    Map<String, Object> toMap() {
      return Map.of(
          "queryMillis",
          queryMillis,
          "documentMillis",
          documentMillis,
          "millisPerToken",
          millisPerToken);
    }

    static Load of(Message map) {
      return new Load(
          map.decimal("queryMillis"), map.decimal("documentMillis"), map.decimal("millisPerToken"));
    }
  }

  Map<String, Object> toMap() {
    return Map.of("name", name, "identity", identity.toMap(), "load", load.toMap());
  }

  static ServedModel of(Message map) {
    return new ServedModel(
        map.text("name"), ModelIdentity.of(map.map("identity")), Load.of(map.map("load")));
  }
}
