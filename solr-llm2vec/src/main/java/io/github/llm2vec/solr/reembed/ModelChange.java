/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The change of a collection from the vectors of one field to those of another model in a second
 * field, step by step: the new field, its vectors, the check, the comparison, the switch.
 *
 * @param collection that is in use
 * @param oldField the vector field that serves now
 * @param newField that of the new model
 * @param mappings of the collection's default update chain, by vector field
 */
public record ModelChange(
    LiveCollection collection,
    String oldField,
    String newField,
    Map<String, VectorFieldMapping> mappings) {

  /** With a hundred refused documents a request would be given up. */
  public static final int LARGEST_BATCH = 100;

  /** More in a request is hardly faster. */
  private static final int USUAL_BATCH = 64;

  /** Requests in a second at a bounded rate: queries have to wait for what comes in one lump. */
  private static final int REQUESTS = 10;

  /** Queries that are made of documents where none are given. */
  private static final int SAMPLED = 50;

  /** Takes a copy. */
  public ModelChange {
    mappings = Map.copyOf(mappings);
  }

  /**
   * Asks a collection for its mappings.
   *
   * @throws IllegalArgumentException if both fields are the same one
   */
  public static ModelChange of(LiveCollection collection, String oldField, String newField)
      throws IOException {
    if (oldField.equals(newField)) {
      throw new IllegalArgumentException(
          "the new vectors need another field than '%s'".formatted(oldField));
    }
    return new ModelChange(
        collection,
        oldField,
        newField,
        collection.mappings().stream()
            .collect(Collectors.toMap(VectorFieldMapping::vector, one -> one, (a, b) -> a)));
  }

  /** The same change, of a collection that is asked again where a failure may pass. */
  public ModelChange patient(Retry retry) {
    return new ModelChange(collection.patient(retry), oldField, newField, mappings);
  }

  /**
   * Documents of a request.
   *
   * @param chosen by the user
   * @param rate most documents in a second, 0 for any number
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static int batch(Optional<Integer> chosen, double rate) {
    int batch =
        chosen.orElse(
            rate > 0 ? (int) Math.min(USUAL_BATCH, Math.max(1, rate / REQUESTS)) : USUAL_BATCH);
    if (batch < 1 || batch > LARGEST_BATCH || !(rate >= 0)) {
      throw new IllegalArgumentException(
          "batch must be 1 to %s and rate cannot be negative".formatted(LARGEST_BATCH));
    }
    return batch;
  }

  /**
   * Adds the new field to the schema, with those beside it, as far as they are missing.
   *
   * @param model whose vectors it gets
   * @param dimensions its width; 0 for what the node says
   * @param hints gets the lines to add by hand if the schema cannot be changed
   * @return the names of the fields that were added
   */
  public List<String> addFields(Optional<String> model, int dimensions, Consumer<String> hints)
      throws IOException {
    old();
    return new NewVectorField(collection, oldField, newField).addMissing(model, dimensions, hints);
  }

  /**
   * The mapping to add to {@code solrconfig.xml}, which Solr lets nobody change over HTTP; empty if
   * the update chain fills the new field.
   */
  public Optional<String> missingMapping(Optional<String> model) {
    return mappings.containsKey(newField)
        ? Optional.empty()
        : Optional.of(
            VectorFieldMapping.xml(newField, model.orElse("NAME"), old().source().toString()));
  }

  /** The mapping of the field that serves now. */
  public VectorFieldMapping old() {
    return mapped(oldField);
  }

  /**
   * The mapping of the new field.
   *
   * @throws IllegalArgumentException if there is none, or one of the fields has the vectors of
   *     passages and the other does not, so that no query fits both
   */
  public VectorFieldMapping fresh() {
    VectorFieldMapping fresh = mapped(newField);
    VectorFieldMapping old = mappings.get(oldField);
    if (old != null && old.passages() != fresh.passages()) {
      throw new IllegalArgumentException(
          "field '%s' has the vectors of %s and field '%s' those of %s; queries for one do not fit the"
                  .formatted(oldField, kind(old), newField, kind(fresh))
              + " other. Give both mappings the same longText, or index the documents into a new"
              + " collection");
    }
    return fresh;
  }

  private static String kind(VectorFieldMapping mapping) {
    return mapping.passages() ? "passages" : "whole documents";
  }

  /** Refuses another model than that which fills the new field. */
  public void requireModel(Optional<String> model) {
    VectorFieldMapping fresh = fresh();
    if (!model.orElse(fresh.model()).equals(fresh.model())) {
      throw new IllegalArgumentException(
          "the update chain fills '%s' with model '%s', not '%s'"
              .formatted(newField, fresh.model(), model.orElseThrow()));
    }
  }

  private VectorFieldMapping mapped(String field) {
    VectorFieldMapping mapping = mappings.get(field);
    if (mapping == null) {
      throw new IllegalArgumentException(
          "no mapping of the default update chain fills field '%s'; it fills %s"
              .formatted(field, mappings.keySet()));
    }
    return mapping;
  }

  /**
   * Has every document encoded that lacks its vector in the new field.
   *
   * @param batch documents of a request
   * @param stop asks it to stop between two requests
   */
  public ReembedRun.Outcome encode(
      int batch, Pacer pacer, BooleanSupplier stop, ReembedRun.Progress progress)
      throws IOException {
    VectorFieldMapping fresh = fresh();
    requireReadable(fresh);
    return new ReembedRun(collection, fresh, lacking(), pacer, stop, progress).run(batch);
  }

  /** Documents without a vector in the new field; those without a text are among them. */
  public long left() throws IOException {
    return lacking().count();
  }

  private DocumentWalk lacking() throws IOException {
    return DocumentWalk.lacking(collection, fresh());
  }

  /** What Solr cannot read back cannot be encoded, and would be lost in an atomic update. */
  private void requireReadable(VectorFieldMapping mapping) throws IOException {
    for (String field : mapping.fields()) {
      Map<String, Object> attributes =
          collection
              .field(field, true)
              .orElseThrow(
                  () -> new IllegalArgumentException("the schema has no field '" + field + "'"));
      if (!Boolean.TRUE.equals(attributes.get("stored"))
          && !Boolean.TRUE.equals(attributes.get("docValues"))) {
        throw new IllegalArgumentException(
            "field '%s', of which the text for '%s' is made, is neither stored nor has it docValues,"
                    .formatted(field, mapping.vector())
                + " so that Solr cannot read it back; index the documents anew from their source");
      }
    }
  }

  /** The fields whose vectors every document with a text must have. */
  public List<VectorFieldMapping> filled() throws IOException {
    return isDropped() ? List.of(fresh()) : List.of(old(), fresh());
  }

  private boolean isDropped() throws IOException {
    return new FieldSwitch(collection, oldField).isDropped();
  }

  /** Looks for documents that have a text and lack a vector. */
  public Coverage coverage() throws IOException {
    return Coverage.of(collection, filled());
  }

  /**
   * Searches both fields.
   *
   * @param queries by id; empty for the first words of some documents
   * @throws IllegalArgumentException if the vectors of the old field have been dropped
   */
  public SearchComparison compare(Optional<Map<String, String>> queries) throws IOException {
    requireNotDropped();
    Map<String, String> texts =
        queries.isPresent() ? queries.get() : SearchComparison.sampled(collection, old(), SAMPLED);
    return SearchComparison.of(collection, old(), fresh(), texts);
  }

  /** Refuses to compare with, or go back to, vectors that are gone. */
  public void requireNotDropped() throws IOException {
    if (isDropped()) {
      throw new IllegalArgumentException(
          "the vectors of field '%s' have been dropped; there is nothing to compare with"
              .formatted(oldField));
    }
  }

  /**
   * Has queries for the old field answered by the new one.
   *
   * @param instruction of queries, "" for the new model's own
   */
  public void switchOver(String instruction) throws IOException {
    fieldSwitch().to(fresh(), instruction);
  }

  /** Has queries for the old field answered by itself again. */
  public void rollBack() throws IOException {
    fieldSwitch().back();
  }

  /**
   * Ends the time of the old field: the update chain no longer fills it, and its vectors go.
   *
   * @param batch documents of a request
   * @param stop asks it to stop between two requests
   * @return whether no vector is left
   */
  public boolean drop(int batch, Pacer pacer, BooleanSupplier stop) throws IOException {
    return fieldSwitch().drop(newField, batch, pacer, stop);
  }

  /**
   * The property that says which field answers.
   *
   * @throws IllegalArgumentException without SolrCloud, where there is none
   */
  private FieldSwitch fieldSwitch() throws IOException {
    if (!collection.inCloud()) {
      throw new IllegalArgumentException(
          "the node runs without SolrCloud, where no property says which field answers; change the"
              + " parser's model and the field of queries by hand, see docs/reembed.md");
    }
    return new FieldSwitch(collection, oldField);
  }
}
