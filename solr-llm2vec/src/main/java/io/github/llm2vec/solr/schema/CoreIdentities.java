/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import io.github.llm2vec.solr.errors.SolrErrors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.lucene.index.IndexReader;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.util.EnvUtils;
import org.apache.solr.core.SolrCore;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.search.SolrIndexSearcher;
import org.apache.solr.update.SolrCoreState;
import org.apache.solr.util.RefCounted;

/**
 * Identities of the models of the vectors in a core: in its index, not committed yet, and in
 * requests under way. Updates enter what they bring before they bring it, so that two of them that
 * disagree cannot both pass, however empty the index is.
 *
 * <p>What was entered is remembered after its request has ended, since the index shows it later
 * only. When it is in the way of another model, the index is opened anew, uncommitted documents
 * included, and what neither it nor a request under way has is forgotten.
 *
 * <p>There is one for each index on the node: a reload of the core keeps it. Thread-safe.
 */
public final class CoreIdentities {

  private static final String CACHE_KEY = CoreIdentities.class.getName();

  /** An identity that was entered. */
  private static final class Entry {
    private final String node;
    private int requests;

    private Entry(String node) {
      this.node = node;
    }
  }

  /** By vector field, in the order in which they were entered. Guarded by this. */
  private final Map<String, Map<FieldIdentity, Entry>> entries = new HashMap<>();

  /** What open readers show, by identity field: as long as a reader is open this cannot change. */
  private final Map<IndexReader.CacheKey, Map<String, IndexIdentities>> shown =
      new ConcurrentHashMap<>();

  private CoreIdentities() {}

  /** The identities of a core's index. */
  public static CoreIdentities of(SolrCore core) {
    Map<?, ?> all =
        core.getCoreContainer()
            .getObjectCache()
            .computeIfAbsent(
                CACHE_KEY,
                Map.class,
                key ->
                    Collections.synchronizedMap(new WeakHashMap<SolrCoreState, CoreIdentities>()));
    // The map is made above and nowhere else.
    @SuppressWarnings("unchecked")
    Map<SolrCoreState, CoreIdentities> ours = (Map<SolrCoreState, CoreIdentities>) all;
    return ours.computeIfAbsent(core.getSolrCoreState(), state -> new CoreIdentities());
  }

  /**
   * Enters what an update brings, for as long as its request lasts: {@link #leave} ends that.
   *
   * @param node that encoded it, for messages; "" if that is not known
   * @throws SolrException 409 if the core has vectors of another model, or soon will have
   */
  public synchronized void enter(SolrCore core, String field, FieldIdentity mine, String node) {
    require(core, field, mine, node);
    enterUnchecked(field, mine, node);
  }

  /** Enters what has been decided elsewhere: by the leader, or by who allowed a change of model. */
  public synchronized void enterUnchecked(String field, FieldIdentity mine, String node) {
    entries
        .computeIfAbsent(field, key -> new LinkedHashMap<>())
        .computeIfAbsent(mine, key -> new Entry(node))
        .requests++;
  }

  /** Ends what {@link #enter} or {@link #enterUnchecked} began. */
  public synchronized void leave(String field, FieldIdentity mine) {
    Entry entry = entries.getOrDefault(field, Map.of()).get(mine);
    if (entry != null) {
      entry.requests--;
    }
  }

  /**
   * Checks, without entering anything, that vectors belong to those that are there.
   *
   * @throws SolrException 409 if the core has vectors of another model, or soon will have
   */
  public synchronized void require(SolrCore core, String field, FieldIdentity mine, String node) {
    Predicate<FieldIdentity> disagrees = there -> !there.agreesWith(mine);
    Map<FieldIdentity, Entry> entered = entries.getOrDefault(field, Map.of());
    boolean known = entered.keySet().stream().anyMatch(mine::agreesWith);
    // What is known to be here alone was looked for when it came first; since then the index can
    // have got others only by ways that open a new searcher, such as replication and merging.
    if (known
        && entered.keySet().stream().noneMatch(disagrees)
        && visible(core, field).strangersTo(mine).isEmpty()) {
      return;
    }
    Map<FieldIdentity, String> others = present(core, field, disagrees);
    if (!others.isEmpty()) {
      throw SolrErrors.conflict(
          "field '%s' holds vectors of %s; those of %s, encoded on node %s, cannot be compared with"
                  .formatted(field, list(core, field, others), mine, node)
              + " them. Declare the same model in llm2vec-models.json on both nodes and reload it,"
              + " or give the new vectors a field or a collection of their own and switch over, or"
              + " set allowModelChange=true and index every document anew; see"
              + " docs/solr-updates.md");
    }
  }

  /**
   * The encoder of a query vector, and where it is.
   *
   * @param tokenizer its fingerprint, "" if it is not known
   * @param space fingerprint of the encoder whose vectors its own may be compared with, besides its
   *     own; "" if there is none
   */
  public record QueryIdentity(
      String model, String fingerprint, String tokenizer, String space, String node) {

    /** Whether its vectors, cut to a width, can be compared with those that are there. */
    boolean comparesWith(FieldIdentity there, int dimensions) {
      // The tokenizer of another model is its own matter.
      return there.comparesWith(fingerprint, tokenizer, dimensions)
          || (!space.isEmpty() && there.comparesWith(space, "", dimensions));
    }
  }

  /**
   * Checks that a query vector can be compared with every vector that the core has, or soon will
   * have. The instruction of a query is its own matter.
   *
   * @param reader that the query searches
   * @param dimensions of the query vector as it is searched with
   * @throws SolrException 409 if any was made with something else
   */
  public void requireComparable(
      SolrCore core, IndexReader reader, String field, QueryIdentity query, int dimensions)
      throws IOException {
    Predicate<FieldIdentity> differs = there -> !query.comparesWith(there, dimensions);
    // Without the lock, which all queries of the core would otherwise wait for in a row.
    List<FieldIdentity> searched =
        shown(reader, core.getLatestSchema(), field).found().stream().filter(differs).toList();
    Map<FieldIdentity, String> others = others(core, field, searched, differs);
    if (!others.isEmpty()) {
      throw SolrErrors.conflict(
          "field '%s' holds vectors of %s; a query of model '%s' (fingerprint %s, %s dimensions%s%s),"
                  .formatted(
                      field,
                      list(core, field, others),
                      query.model(),
                      query.fingerprint(),
                      dimensions,
                      query.tokenizer().isEmpty() ? "" : ", tokenizer " + query.tokenizer(),
                      query.space().isEmpty() ? "" : ", same space as " + query.space())
              + " encoded on node %s, cannot be compared with them. Name the model that made them,"
                  .formatted(query.node())
              + " declare the same model on both nodes, index the documents anew, or search what"
              + " was made by this model alone with a filter on '"
              + AuxiliaryFields.identityName(field)
              + "' and allowModelChange=true; see docs/solr-updates.md");
    }
  }

  /** Those of the index that is searched, or else those that the core has besides, with nodes. */
  private synchronized Map<FieldIdentity, String> others(
      SolrCore core, String field, List<FieldIdentity> searched, Predicate<FieldIdentity> differs) {
    Map<FieldIdentity, Entry> entered = entries.getOrDefault(field, Map.of());
    if (searched.isEmpty()) {
      return entered.keySet().stream().anyMatch(differs) ? present(core, field, differs) : Map.of();
    }
    Map<FieldIdentity, String> others = new LinkedHashMap<>();
    for (FieldIdentity there : searched) {
      Entry entry = entered.get(there);
      others.put(there, entry == null ? "" : entry.node);
    }
    return others;
  }

  /** What a reader shows; looked for once. */
  private IndexIdentities shown(IndexReader reader, IndexSchema schema, String field)
      throws IOException {
    IndexReader.CacheHelper helper = reader.getReaderCacheHelper();
    Optional<String> identityField = AuxiliaryFields.of(schema, field).identity();
    if (helper == null || identityField.isEmpty()) {
      return IndexIdentities.of(reader, schema, field);
    }
    Map<String, IndexIdentities> ofReader =
        shown.computeIfAbsent(
            helper.getKey(),
            key -> {
              helper.addClosedListener(shown::remove);
              return new ConcurrentHashMap<>();
            });
    IndexIdentities known = ofReader.get(identityField.get());
    if (known == null) {
      known = IndexIdentities.of(reader, schema, field);
      ofReader.put(identityField.get(), known);
    }
    return known;
  }

  /** Those that are really there, after a look at all documents, with the node where known. */
  private Map<FieldIdentity, String> present(
      SolrCore core, String field, Predicate<FieldIdentity> wanted) {
    List<FieldIdentity> found = all(core, field).found();
    Map<FieldIdentity, Entry> entered = entries.getOrDefault(field, Map.of());
    entered
        .entrySet()
        .removeIf(entry -> entry.getValue().requests == 0 && !found.contains(entry.getKey()));
    Map<FieldIdentity, String> present = new LinkedHashMap<>();
    entered.forEach((identity, entry) -> present.put(identity, entry.node));
    found.forEach(identity -> present.putIfAbsent(identity, ""));
    present.keySet().removeIf(wanted.negate());
    return present;
  }

  /** What the newest searcher shows that happens to be open. */
  private IndexIdentities visible(SolrCore core, String field) {
    return read(core, core.getRealtimeSearcher(), field);
  }

  /** What all documents show, uncommitted ones included. */
  private IndexIdentities all(SolrCore core, String field) {
    return read(core, core.openNewSearcher(true, true), field);
  }

  private IndexIdentities read(
      SolrCore core, RefCounted<SolrIndexSearcher> searcher, String field) {
    IndexSchema schema = core.getLatestSchema();
    try {
      return shown(searcher.get().getIndexReader(), schema, field);
    } catch (IOException e) {
      throw SolrErrors.serverError("cannot read what made the vectors of field '" + field + "'", e);
    } finally {
      searcher.decref();
    }
  }

  /** Models with the nodes that encoded with them, as far as this core or its collection knows. */
  private static String list(SolrCore core, String field, Map<FieldIdentity, String> identities) {
    String here = " in core '%s' of node %s".formatted(core.getName(), nodeName(core));
    Optional<CollectionIdentity> collection = CollectionIdentity.of(core, field);
    return identities.entrySet().stream()
        .map(
            entry -> {
              String node = entry.getValue();
              if (node.isEmpty()) {
                node = collection.map(common -> common.nodeOf(entry.getKey())).orElse("");
              }
              return entry.getKey() + (node.isEmpty() ? "" : ", encoded on node " + node);
            })
        .sorted()
        .collect(Collectors.joining(", ", "", here));
  }

  /** What a node is called in messages: as in SolrCloud, or host and port. */
  public static String nodeName(SolrCore core) {
    if (core.getCoreContainer().isZooKeeperAware()) {
      return core.getCoreContainer().getZkController().getNodeName();
    }
    String port = EnvUtils.getProperty("solr.port.listen", EnvUtils.getProperty("jetty.port", ""));
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      // A machine without a name still has one node of its own.
      host = "localhost";
    }
    return port.isEmpty() ? host : host + ":" + port;
  }
}
