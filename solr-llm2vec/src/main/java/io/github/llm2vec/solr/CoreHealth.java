/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelHandle;
import io.github.llm2vec.solr.node.ModelState;
import io.github.llm2vec.solr.node.ModelStatus;
import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.schema.IndexIdentities;
import io.github.llm2vec.solr.schema.VectorField;
import io.github.llm2vec.solr.update.VectorMapping;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.lucene.index.IndexReader;
import org.apache.solr.core.PluginInfo;
import org.apache.solr.core.SolrCore;
import org.apache.solr.schema.DenseVectorField;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.update.processor.UpdateRequestProcessorChain;

/**
 * Health of a core that uses vectors: models that are not ready, fields of another width than their
 * vectors, indexes with vectors of other models.
 *
 * @param core to be looked at
 * @param reader of its index
 * @param models that the core holds
 */
record CoreHealth(SolrCore core, IndexReader reader, List<ModelHandle> models) {

  /** A core as it is searched now. */
  static CoreHealth of(SolrCore core, IndexReader reader) {
    return new CoreHealth(core, reader, EncoderRegistry.of(core).heldBy(core));
  }

  /** All that is wrong, in sentences; empty if nothing is. */
  List<String> problems() throws IOException {
    List<String> problems = new ArrayList<>();
    for (ModelHandle model : models) {
      ModelStatus status = model.status();
      if (status.state() != ModelState.READY) {
        problems.add(describe(status));
      }
      status.queue().ifPresent(queue -> problems.addAll(leftOut(status, queue.devices())));
    }
    Map<String, ModelHandle> mapped = new LinkedHashMap<>();
    for (Llm2VecUpdateProcessorFactory processor : processors()) {
      for (Map.Entry<VectorMapping, ModelHandle> mapping : processor.encoders().entrySet()) {
        mapped.put(mapping.getKey().target().field(), mapping.getValue());
        width(mapping.getKey(), mapping.getValue().status(), problems);
      }
    }
    for (String field : vectorFields(mapped)) {
      index(field, mapped, problems);
    }
    return problems;
  }

  private static List<String> leftOut(ModelStatus status, List<ServingMetrics.Device> devices) {
    return devices.stream()
        .filter(device -> !device.failure().isEmpty())
        .map(
            device ->
                "model '%s' goes without device %s, which is tried again by and by: %s"
                    .formatted(status.declaration().name(), device.name(), device.failure()))
        .toList();
  }

  /** A model that is not ready, and why. */
  static String describe(ModelStatus status) {
    return "model '%s' is %s%s"
        .formatted(
            status.declaration().name(),
            status.state(),
            status.failure().isEmpty() ? "" : ": " + status.failure());
  }

  /**
   * What would be refused if a model made other vectors than it does.
   *
   * @param model by its name
   * @param now what its vectors are until then
   * @param then what they would be
   */
  List<String> rejected(String model, VectorIdentity now, VectorIdentity then) throws IOException {
    List<String> refused = new ArrayList<>();
    for (String field : vectorFields(Map.of())) {
      for (FieldIdentity there : identities(field).found()) {
        boolean ofModel =
            there.fingerprint().equals(now.fingerprint()) || there.model().equals(model);
        // As long as the model stays what it is, so do its adapters.
        boolean stays =
            now.fingerprint().equals(then.fingerprint())
                && models.stream().anyMatch(user -> makes(user.status(), there.fingerprint()));
        if (ofModel && !stays && !there.fingerprint().equals(then.fingerprint())) {
          refused.add(
              "%s: field '%s' holds vectors of %s; queries and updates will be refused (409) until"
                      .formatted(place(), field, there)
                  + " its documents are indexed anew");
        }
      }
    }
    return refused;
  }

  private String place() {
    String collection = core.getCoreDescriptor().getCollectionName();
    return collection == null
        ? "core '" + core.getName() + "'"
        : "collection '" + collection + "', core '" + core.getName() + "'";
  }

  private List<Llm2VecUpdateProcessorFactory> processors() {
    return core.getSolrConfig().getPluginInfos(UpdateRequestProcessorChain.class.getName()).stream()
        .map((PluginInfo chain) -> core.getUpdateProcessingChain(chain.name))
        .flatMap(chain -> new UpdateChain(chain.getProcessors()).encoding().stream())
        .distinct()
        .toList();
  }

  private void width(VectorMapping mapping, ModelStatus model, List<String> problems) {
    int width = model.dimensions();
    if (width == 0) {
      // Not open, which is a problem of its own.
      return;
    }
    VectorField field = VectorField.of(core.getLatestSchema(), mapping.target().field());
    boolean cut = mapping.target().dimensions() > 0;
    if (cut ? width < field.dimensions() : width != field.dimensions()) {
      problems.add(
          "field '%s' has vectorDimension=%s, model '%s' gives vectors of %s"
              .formatted(field.name(), field.dimensions(), model.declaration().name(), width));
    }
  }

  /** Fields that are mapped, or whose index says what made its vectors. */
  private List<String> vectorFields(Map<String, ModelHandle> mapped) {
    IndexSchema schema = core.getLatestSchema();
    List<String> fields = new ArrayList<>(mapped.keySet());
    schema.getFields().values().stream()
        .filter(field -> field.getType() instanceof DenseVectorField)
        .map(SchemaField::getName)
        .filter(name -> !mapped.containsKey(name))
        .filter(name -> AuxiliaryFields.of(schema, name).identity().isPresent())
        .forEach(fields::add);
    return fields;
  }

  private IndexIdentities identities(String field) throws IOException {
    return IndexIdentities.of(reader, core.getLatestSchema(), field);
  }

  private void index(String field, Map<String, ModelHandle> mapped, List<String> problems)
      throws IOException {
    List<FieldIdentity> found = identities(field).found();
    if (found.stream().anyMatch(there -> !there.agreesWith(found.get(0)))) {
      problems.add(
          "field '%s' holds vectors that cannot be compared with each other, of %s"
              .formatted(field, list(found)));
      return;
    }
    List<ModelStatus> users =
        (mapped.containsKey(field) ? List.of(mapped.get(field)) : models)
            .stream()
                .map(ModelHandle::status)
                .filter(status -> status.state() == ModelState.READY)
                .toList();
    if (!found.isEmpty()
        && !users.isEmpty()
        && users.stream().noneMatch(user -> makes(user, found.get(0).fingerprint()))) {
      problems.add(
          "field '%s' holds vectors of %s, but this core uses %s"
              .formatted(
                  field,
                  list(found),
                  users.stream()
                      .map(
                          user ->
                              "model '%s' (fingerprint %s)"
                                  .formatted(user.declaration().name(), user.fingerprint()))
                      .collect(Collectors.joining(", "))));
    }
  }

  /** Whether a model, or an adapter beside it, makes vectors of a fingerprint. */
  private static boolean makes(ModelStatus model, String fingerprint) {
    return fingerprint.equals(model.fingerprint())
        || model.adapters().stream().anyMatch(other -> fingerprint.equals(other.fingerprint()));
  }

  private static String list(List<FieldIdentity> identities) {
    return identities.stream().map(FieldIdentity::toString).collect(Collectors.joining(", "));
  }
}
