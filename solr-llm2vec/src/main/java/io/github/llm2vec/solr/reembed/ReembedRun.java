/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;

/**
 * Has a collection make the vectors that its documents lack in a mapped field, by atomic updates
 * that change nothing: the update chain reads the text where the document is and encodes it as in
 * any update. No text is sent, so none can overtake a newer one; each update names the version of
 * the document that was read, so that a document that was changed or deleted since is passed over.
 *
 * <p>Nothing is kept but the index: a run that was killed is gone on with by another one.
 */
public final class ReembedRun {

  /** Documents that are read at once: to find them costs as much for few as for many. */
  private static final int PAGE = 200;

  private static final int BAD_REQUEST = 400;

  /** Metadata of an error that names the documents that were refused. */
  private static final String REFUSED = "llm2vec-refused-ids";

  /**
   * What became of a run.
   *
   * @param refused ids of documents whose text the model refuses
   * @param stopped whether it was stopped before its end
   */
  public record Outcome(Set<String> refused, boolean stopped) {}

  /** Is told how far a run is. */
  public interface Progress {

    /** Says how many documents there are to look at in all. */
    void total(long documents);

    /** Says that so many more have been looked at. */
    void advance(long documents);
  }

  private final LiveCollection collection;
  private final VectorFieldMapping mapping;
  private final DocumentWalk walk;
  private final Pacer pacer;
  private final BooleanSupplier stop;
  private final Progress progress;
  private final Set<String> refused = new LinkedHashSet<>();

  /**
   * A run over all documents that lack a vector.
   *
   * @param mapping of the field that is to be filled
   * @param walk over the documents that lack it
   * @param stop asks it to stop between two requests
   */
  ReembedRun(
      LiveCollection collection,
      VectorFieldMapping mapping,
      DocumentWalk walk,
      Pacer pacer,
      BooleanSupplier stop,
      Progress progress) {
    this.collection = collection;
    this.mapping = mapping;
    this.walk = walk;
    this.pacer = pacer;
    this.stop = stop;
    this.progress = progress;
  }

  /**
   * Goes through the collection until no document with a text is left that lacks its vector, or
   * none of those that are left gets one.
   *
   * @param batch documents of a request
   */
  Outcome run(int batch) throws IOException {
    try {
      // What an earlier run has done is not found as long as it is not committed.
      collection.commit();
      long left = walk.count();
      progress.total(left);
      long before;
      do {
        before = left;
        walk.pages(Math.max(batch, PAGE), page -> take(page, batch));
        collection.commit();
        left = walk.count();
      } while (left > 0 && left < before && !stop.getAsBoolean());
    } catch (IOException e) {
      if (!stop.getAsBoolean()) {
        throw e;
      }
    }
    return new Outcome(Set.copyOf(refused), stop.getAsBoolean());
  }

  private boolean take(List<SolrDocument> page, int batch) throws IOException {
    for (int from = 0; from < page.size() && !stop.getAsBoolean(); from += batch) {
      List<SolrDocument> part = page.subList(from, Math.min(page.size(), from + batch));
      List<SolrInputDocument> updates =
          part.stream().filter(mapping::hasText).map(this::update).toList();
      if (!updates.isEmpty()) {
        pacer.before(updates.size());
        send(updates);
      }
      progress.advance(part.size());
    }
    return !stop.getAsBoolean();
  }

  /** To remove nothing from a source field has it read and encoded. */
  private SolrInputDocument update(SolrDocument document) {
    SolrInputDocument update = walk.updateOf(document);
    update.setField(mapping.presentField(document).orElseThrow(), Map.of("remove", List.of()));
    return update;
  }

  private void send(List<SolrInputDocument> updates) throws IOException {
    if (stop.getAsBoolean()) {
      return;
    }
    try {
      collection.update(updates);
    } catch (SolrException e) {
      List<String> ids = refusedIds(e);
      boolean some = !ids.isEmpty() && ids.size() < updates.size();
      if (!some && (ids.isEmpty() || e.code() != BAD_REQUEST)) {
        throw LiveCollection.failed(e);
      }
      refused.addAll(ids);
    }
  }

  /** The documents that a failure is about; the others of the request have been indexed. */
  private static List<String> refusedIds(SolrException failure) {
    Object ids = failure.getMetadata() == null ? null : failure.getMetadata().get(REFUSED);
    return ids == null ? List.of() : List.of(ids.toString().split(","));
  }
}
