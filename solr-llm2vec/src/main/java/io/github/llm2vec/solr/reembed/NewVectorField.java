/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import io.github.llm2vec.solr.schema.AuxiliaryFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.solr.client.solrj.request.schema.FieldTypeDefinition;
import org.apache.solr.client.solrj.request.schema.SchemaRequest;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.NamedList;

/**
 * Adds a second vector field to a schema, like the first one but of the width of another model,
 * with the fields that stand beside it.
 *
 * @param collection whose schema it is
 * @param old the vector field that is there
 * @param name of the new one
 */
record NewVectorField(LiveCollection collection, String old, String name) {

  private static final String DIMENSION = "vectorDimension";
  private static final String NAME = "name";
  private static final String TYPE = "type";

  /**
   * Adds the field and those beside it, as far as they are missing.
   *
   * @param model whose vectors it gets
   * @param dimensions its width; 0 for what the node says
   * @param hints gets the lines to add by hand if the schema cannot be changed
   * @return the names of the fields that were added
   */
  List<String> addMissing(Optional<String> model, int dimensions, Consumer<String> hints)
      throws IOException {
    Map<String, Map<String, Object>> missing = new LinkedHashMap<>();
    List<String> oldNames = AuxiliaryFields.names(old);
    List<String> newNames = AuxiliaryFields.names(name);
    for (int i = 0; i < oldNames.size(); i++) {
      Optional<Map<String, Object>> like = collection.field(oldNames.get(i), false);
      if (like.isEmpty() && oldNames.get(i).equals(old)) {
        throw new IOException(
            "the schema of '%s' has no field '%s'".formatted(collection.name(), old));
      }
      if (like.isPresent() && collection.field(newNames.get(i), false).isEmpty()) {
        Map<String, Object> attributes = new LinkedHashMap<>(like.get());
        attributes.put(NAME, newNames.get(i));
        missing.put(newNames.get(i), attributes);
      }
    }
    if (missing.isEmpty()) {
      return List.of();
    }
    Optional<Map<String, Object>> type = Optional.empty();
    if (missing.containsKey(name)) {
      type = newType(missing.get(name), dimensions > 0 ? dimensions : width(model.orElse("")));
    }
    List<SchemaRequest.Update> updates = new ArrayList<>();
    type.ifPresent(
        attributes -> {
          FieldTypeDefinition definition = new FieldTypeDefinition();
          definition.setAttributes(attributes);
          updates.add(new SchemaRequest.AddFieldType(definition));
        });
    missing.values().forEach(field -> updates.add(new SchemaRequest.AddField(field)));
    try {
      collection.changeSchema(updates);
    } catch (IOException e) {
      hints.accept("If the schema is not a managed one, put this into it and run this again:");
      type.ifPresent(attributes -> hints.accept(xml("fieldType", attributes)));
      missing.values().forEach(field -> hints.accept(xml("field", field)));
      throw e;
    }
    return List.copyOf(missing.keySet());
  }

  /**
   * Gives a field that is like the old one a type of another width.
   *
   * @return the type, if the schema does not have it
   */
  private Optional<Map<String, Object>> newType(Map<String, Object> field, int width)
      throws IOException {
    String oldType = String.valueOf(field.get(TYPE));
    Map<String, Object> type =
        new LinkedHashMap<>(
            collection
                .fieldType(oldType)
                .orElseThrow(() -> new IOException("the schema has no type '" + oldType + "'")));
    if (String.valueOf(width).equals(String.valueOf(type.get(DIMENSION)))) {
      return Optional.empty();
    }
    String name = oldType + "_" + width;
    field.put(TYPE, name);
    type.put(NAME, name);
    type.put(DIMENSION, String.valueOf(width));
    return collection.fieldType(name).isPresent() ? Optional.empty() : Optional.of(type);
  }

  /** The width of a model's vectors, as long as a core has the model open. */
  private int width(String model) throws IOException {
    if (model.isEmpty()) {
      throw new IllegalArgumentException(
          "field '%s' is not in the schema; name its model".formatted(name));
    }
    NamedList<Object> status =
        collection.llm2vec(new ModifiableSolrParams().set("action", "status").set("model", model));
    if (status.get("models") instanceof List<?> models
        && !models.isEmpty()
        && models.get(0) instanceof NamedList<?> one
        && one.get("dimensions") instanceof Number dimensions) {
      return dimensions.intValue();
    }
    throw new IOException(
        "model '%s' is not open on the node, so that its width is not known; give its dimensions"
            .formatted(model));
  }

  private static String xml(String element, Map<String, Object> attributes) {
    return attributes.entrySet().stream()
        .map(attribute -> " %s=\"%s\"".formatted(attribute.getKey(), attribute.getValue()))
        .collect(Collectors.joining("", "  <" + element, "/>"));
  }
}
