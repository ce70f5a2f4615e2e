/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.time.Duration;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.SolrCore;
import org.jspecify.annotations.Nullable;

/**
 * The vector field, with its model, that stands in for another one in the queries of a SolrCloud
 * collection: a collection property, {@code llm2vec.serves.FIELD}, whose value is a JSON object
 * such as {@code {"field":"vector2","model":"new"}}. One write to ZooKeeper switches all nodes.
 *
 * @param field that is searched
 * @param model name in the models file
 * @param adapter beside the model, "" for none
 * @param instruction of queries, "" for the model's own
 * @param dimensions width that vectors of queries are cut to, 0 for the model's own
 * @param dropped whether the field that it stands in for is no longer filled
 */
public record ServingField(
    String field,
    String model,
    String adapter,
    String instruction,
    int dimensions,
    boolean dropped) {

  /** Name of the property, before the field that queries name. */
  public static final String PROPERTY = "llm2vec.serves.";

  /** How long the properties are watched after they were asked for last. */
  private static final Duration WATCHED = Duration.ofMinutes(10);

  private static final JsonMapper JSON = new JsonMapper();

  /** The value of the property of a core's collection; empty if there is none, or no SolrCloud. */
  public static Optional<String> property(SolrCore core, String field) {
    if (!core.getCoreContainer().isZooKeeperAware()
        || core.getCoreDescriptor().getCloudDescriptor() == null) {
      return Optional.empty();
    }
    return Optional.ofNullable(
        core.getCoreContainer()
            .getZkController()
            .getZkStateReader()
            .getCollectionProperties(
                core.getCoreDescriptor().getCollectionName(), WATCHED.toMillis())
            .get(PROPERTY + field));
  }

  /**
   * Reads the value of the property.
   *
   * @throws SolrException 500 if it names no field or no model
   */
  public static ServingField of(String value) {
    try {
      JsonNode json = JSON.readTree(value);
      String field = json.path("field").asText();
      String model = json.path("model").asText();
      if (!field.isEmpty() && !model.isEmpty()) {
        return new ServingField(
            field,
            model,
            json.path("adapter").asText(),
            json.path("instruction").asText(),
            json.path("dimensions").asInt(),
            json.path("dropped").asBoolean());
      }
    } catch (JsonProcessingException e) {
      throw wrong(value, e);
    }
    throw wrong(value, null);
  }

  private static SolrException wrong(String value, @Nullable Exception cause) {
    return SolrErrors.serverError(
        "the collection property %sFIELD must be like {\"field\":\"vector2\",\"model\":\"new\"}, found %s"
            .formatted(PROPERTY, value),
        cause);
  }

  /** The value of the property. */
  public String toProperty() {
    return JSON.createObjectNode()
        .put("field", field)
        .put("model", model)
        .put("adapter", adapter)
        .put("instruction", instruction)
        .put("dimensions", dimensions)
        .put("dropped", dropped)
        .toString();
  }

  /** Whether the update chain no longer fills a field of a core's collection. */
  public static boolean isDropped(SolrCore core, String field) {
    return property(core, field).map(ServingField::of).filter(ServingField::dropped).isPresent();
  }
}
