/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * What all nodes know of a job that encodes or clears the documents of a collection: a collection
 * property, {@code llm2vec.reembed.FIELD}, whose value is a JSON object.
 *
 * @param work what the job does
 * @param to the vector field of the new model
 * @param node that works at it
 * @param started when, an ISO instant; tells jobs of a collection apart
 * @param phase how far it is
 * @param message what its end was like
 */
record ReembedState(
    Work work, String to, String node, String started, Phase phase, String message) {

  /** Name of the property, before the field that queries name. */
  static final String PROPERTY = "llm2vec.reembed.";

  private static final JsonMapper JSON = new JsonMapper();

  /** What a job does. */
  enum Work {
    /** Has documents encoded that lack their vector. */
    ENCODE,
    /** Removes the vectors of the old field. */
    DROP
  }

  /** How far a job is. */
  enum Phase {
    RUNNING,
    DONE,
    /** Stopped by a request; the same request goes on. */
    STOPPED,
    FAILED,
    /** The node that worked at it was restarted or is gone; the same request goes on. */
    INTERRUPTED
  }

  /** The same job in another phase. */
  ReembedState in(Phase other, String why) {
    return new ReembedState(work, to, node, started, other, why);
  }

  /** Reads the value of the property. */
  static ReembedState of(String value) {
    try {
      JsonNode json = JSON.readTree(value);
      return new ReembedState(
          Work.valueOf(json.path("work").asText()),
          json.path("to").asText(),
          json.path("node").asText(),
          json.path("started").asText(),
          Phase.valueOf(json.path("phase").asText()),
          json.path("message").asText());
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "collection property %sFIELD cannot be read; remove it: %s".formatted(PROPERTY, value),
          e);
    }
  }

  /** The value of the property. */
  String toProperty() {
    return JSON.createObjectNode()
        .put("work", work.name())
        .put("to", to)
        .put("node", node)
        .put("started", started)
        .put("phase", phase.name())
        .put("message", message)
        .toString();
  }
}
