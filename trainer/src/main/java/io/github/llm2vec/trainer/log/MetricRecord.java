/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.log;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Metrics logged at one update: an entry of {@code log_history} in Hugging Face's {@code
 * trainer_state.json}.
 *
 * @param step updates made so far
 * @param epoch epochs gone so far
 * @param values figures by their names, such as {@code loss} and {@code eval_loss}, in order
 */
public record MetricRecord(long step, double epoch, Map<String, Double> values) {

  /** Copies the figures. */
  public MetricRecord {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** One object: the figures, {@code epoch} and {@code step}. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    values.forEach(json::put);
    json.put("epoch", epoch);
    json.put("step", step);
    return json;
  }

  /** Reads {@link #toJson}. */
  public static MetricRecord ofJson(JsonNode json) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (field.getValue().isNumber()) {
        values.put(field.getKey(), field.getValue().doubleValue());
      }
    }
    values.remove("epoch");
    values.remove("step");
    return new MetricRecord(json.path("step").asLong(), json.path("epoch").asDouble(), values);
  }
}
