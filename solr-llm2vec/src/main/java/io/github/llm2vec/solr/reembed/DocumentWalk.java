/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import io.github.llm2vec.solr.schema.AuxiliaryFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.solr.client.solrj.response.QueryResponse;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.CursorMarkParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.schema.IndexSchema;

/**
 * Reads the documents of a collection that lack a vector, in the order of their ids, with what
 * their texts are made of.
 *
 * @param collection to be read
 * @param key its unique key
 * @param router field by which documents find their shard, if not by their ids alone
 * @param filters that say which documents
 * @param fields that are read beside key and version
 */
record DocumentWalk(
    LiveCollection collection,
    String key,
    Optional<String> router,
    List<String> filters,
    Set<String> fields) {

  /** A query for all documents that are not nested in others. */
  static final String DOCUMENTS = "*:* -" + IndexSchema.NEST_PATH_FIELD_NAME + ":*";

  /** Takes a page of documents; false ends the walk. */
  @FunctionalInterface
  interface Page {
    boolean take(List<SolrDocument> documents) throws IOException;
  }

  /** Takes copies. */
  DocumentWalk {
    filters = List.copyOf(filters);
    fields = Set.copyOf(fields);
  }

  /**
   * The documents without the vectors of a mapping, be they their own or those of their passages;
   * other nested documents have none. A vector field cannot be asked for what it has but by a
   * function, document by document; the field that says what made the vectors leaves few to be
   * asked for.
   */
  static DocumentWalk lacking(LiveCollection collection, VectorFieldMapping mapping)
      throws IOException {
    List<String> filters = new ArrayList<>();
    String identity = AuxiliaryFields.identityName(mapping.vector());
    if (mapping.passages()) {
      filters.add(
          "{!bool must=%s must_not=%s}"
              .formatted(quoted(DOCUMENTS), quoted(withPassages(mapping.vector()))));
    } else if (collection.field(identity, false).isPresent()) {
      filters.add("*:* -" + identity + ":[* TO *]");
    }
    filters.add("{!frange l=0 u=0 cache=false cost=200}" + exists(mapping.vector()));
    return of(collection, filters, new LinkedHashSet<>(mapping.fields()));
  }

  /**
   * The documents with vectors in a field.
   *
   * @param passages whether those of passages are meant as well
   */
  static DocumentWalk having(LiveCollection collection, String vector, boolean passages)
      throws IOException {
    String own = "{!frange l=1 u=1}" + exists(vector);
    return of(
        collection,
        List.of(
            passages
                ? "{!bool should=%s should=%s}".formatted(quoted(own), quoted(withPassages(vector)))
                : own),
        Set.of());
  }

  /** A filter for the documents with the vectors of a mapping. */
  static String withVector(VectorFieldMapping mapping) {
    return mapping.passages()
        ? withPassages(mapping.vector())
        : "{!frange l=1 u=1}" + exists(mapping.vector());
  }

  private static String exists(String vector) {
    return "if(exists(" + vector + "),1,0)";
  }

  private static String withPassages(String vector) {
    return "{!parent which=%s v=%s}".formatted(quoted(DOCUMENTS), quoted(passagesOf(vector)));
  }

  /** A query for the passages that have vectors in a field. */
  static String passagesOf(String vector) {
    return "{!field f=%s}/%s"
        .formatted(IndexSchema.NEST_PATH_FIELD_NAME, AuxiliaryFields.passagesName(vector));
  }

  /** As the value of a local parameter, whatever is in it. */
  private static String quoted(String value) {
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  private static DocumentWalk of(LiveCollection collection, List<String> lacking, Set<String> read)
      throws IOException {
    List<String> filters = new ArrayList<>(lacking);
    if (collection.field(IndexSchema.NEST_PATH_FIELD_NAME, false).isPresent()) {
      filters.add(DOCUMENTS);
    }
    Set<String> fields = new LinkedHashSet<>(read);
    Optional<String> router = collection.inCloud() ? collection.routerField() : Optional.empty();
    router.ifPresent(fields::add);
    return new DocumentWalk(collection, collection.uniqueKey(), router, filters, fields);
  }

  /** How many documents there are. */
  long count() throws IOException {
    return collection.query(params().set(CommonParams.ROWS, 0)).getResults().getNumFound();
  }

  /**
   * Reads all of them, each once, also while the collection changes.
   *
   * @param rows documents of a page
   */
  void pages(int rows, Page page) throws IOException {
    String cursor = CursorMarkParams.CURSOR_MARK_START;
    while (true) {
      ModifiableSolrParams params = params();
      params.set(CommonParams.ROWS, rows);
      params.set(CommonParams.SORT, key + " asc");
      params.set(CursorMarkParams.CURSOR_MARK_PARAM, cursor);
      QueryResponse response = collection.query(params);
      if (!response.getResults().isEmpty() && !page.take(response.getResults())) {
        return;
      }
      if (cursor.equals(response.getNextCursorMark())) {
        return;
      }
      cursor = response.getNextCursorMark();
    }
  }

  /**
   * An update without content for the document as it was read: it is dropped if the document is
   * another one by then.
   */
  SolrInputDocument updateOf(SolrDocument document) {
    SolrInputDocument update = new SolrInputDocument();
    update.setField(key, document.getFieldValue(key));
    update.setField(CommonParams.VERSION_FIELD, document.getFieldValue(CommonParams.VERSION_FIELD));
    router
        .filter(field -> !field.equals(key))
        .ifPresent(field -> update.setField(field, document.getFieldValue(field)));
    return update;
  }

  private ModifiableSolrParams params() {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(CommonParams.Q, "*:*");
    params.set("defType", "lucene");
    // Replicas that copy segments (TLOG, PULL) see a commit some time later than their leader.
    params.set(
        ShardParams.SHARDS_PREFERENCE, ShardParams.SHARDS_PREFERENCE_REPLICA_LEADER + ":true");
    params.set(CommonParams.FQ, filters.toArray(String[]::new));
    Set<String> read = new LinkedHashSet<>(List.of(key, CommonParams.VERSION_FIELD));
    read.addAll(fields);
    params.set(CommonParams.FL, String.join(",", read));
    return params;
  }
}
