/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.ServingField;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;

/**
 * Says which vector field answers queries that name another one, by a property of the collection
 * that all its nodes go by. A single write to ZooKeeper switches all of them, there and back.
 *
 * @param collection in SolrCloud
 * @param field that queries name
 */
public record FieldSwitch(LiveCollection collection, String field) {

  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final int LOOKS = 200;

  /** What stands in for the field now. */
  Optional<ServingField> state() throws IOException {
    return Optional.ofNullable(collection.serving().get(field)).map(ServingField::of);
  }

  /** Whether the field is no longer filled. */
  public boolean isDropped() throws IOException {
    return state().filter(ServingField::dropped).isPresent();
  }

  /** Has a field of the update chain answer. */
  public void to(VectorFieldMapping fresh, String instruction) throws IOException {
    requireNotDropped(state());
    write(
        Optional.of(
            new ServingField(
                fresh.vector(),
                fresh.model(),
                fresh.adapter(),
                instruction,
                fresh.dimensions(),
                false)));
  }

  /** Has the field itself answer again. */
  public void back() throws IOException {
    Optional<ServingField> now = state();
    if (now.isEmpty()) {
      throw new IllegalArgumentException(
          "field '%s' answers itself; nothing was switched".formatted(field));
    }
    requireNotDropped(now);
    write(Optional.empty());
  }

  private void requireNotDropped(Optional<ServingField> now) {
    if (now.filter(ServingField::dropped).isPresent()) {
      throw new IllegalArgumentException(
          "the vectors of field '%s' have been dropped, and it is not filled any more"
              .formatted(field));
    }
  }

  /**
   * Ends the time of the field: the update chain no longer fills it, and its vectors go.
   *
   * @param expected the field that must answer in its place
   * @param batch documents of a request
   * @return whether no vector is left
   */
  public boolean drop(String expected, int batch, Pacer pacer, BooleanSupplier stop)
      throws IOException {
    ServingField now =
        state()
            .filter(serving -> serving.field().equals(expected))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "field '%s' is not answered by '%s'; only a field that was switched can be dropped"
                            .formatted(field, expected)));
    write(
        Optional.of(
            new ServingField(
                now.field(),
                now.model(),
                now.adapter(),
                now.instruction(),
                now.dimensions(),
                true)));
    List<String> present = new ArrayList<>();
    for (String name : AuxiliaryFields.names(field)) {
      if (collection.field(name, false).isPresent()) {
        present.add(name);
      }
    }
    boolean passages = collection.hasPassages(field);
    if (passages) {
      present.add(AuxiliaryFields.passagesName(field));
    }
    DocumentWalk walk = DocumentWalk.having(collection, field, passages);
    long left = walk.count();
    long before;
    do {
      before = left;
      walk.pages(batch, page -> clear(page, walk, present, pacer, stop));
      collection.commit();
      left = walk.count();
    } while (left > 0 && left < before && !stop.getAsBoolean());
    return left == 0;
  }

  private boolean clear(
      List<SolrDocument> page,
      DocumentWalk walk,
      List<String> fields,
      Pacer pacer,
      BooleanSupplier stop)
      throws IOException {
    List<SolrInputDocument> updates = new ArrayList<>(page.size());
    for (SolrDocument document : page) {
      SolrInputDocument update = walk.updateOf(document);
      fields.forEach(name -> update.setField(name, Collections.singletonMap("set", null)));
      updates.add(update);
    }
    pacer.before(updates.size());
    if (!stop.getAsBoolean()) {
      try {
        collection.update(updates);
      } catch (SolrException e) {
        throw LiveCollection.failed(e);
      }
    }
    return !stop.getAsBoolean();
  }

  /** Writes the property and waits until a node has heard of it, so that the next step sees it. */
  private void write(Optional<ServingField> serving) throws IOException {
    collection.setProperty(ServingField.PROPERTY + field, serving.map(ServingField::toProperty));
    Pacer pacer = Pacer.unhurried();
    for (int look = 0; !state().equals(serving); look++) {
      if (look == LOOKS) {
        throw new IOException(
            "the property %s%s of collection '%s' is written, but the node has not heard of it after 10 s;"
                    .formatted(ServingField.PROPERTY, field, collection.name())
                + " look at its connection to ZooKeeper and run this again");
      }
      pacer.pause(PAUSE);
    }
  }
}
