/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.solr.node.EncoderIdentity;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.handler.component.ResponseBuilder;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.request.SolrRequestInfo;
import org.apache.solr.search.SyntaxError;

/**
 * State of one request that our parsers and our component share: the vectors of its texts, its
 * hybrid searches and their rankings, and how deep its queries are nested. Kept in the context of
 * the request. Thread-safe, since Solr may parse the queries of facets in several threads.
 */
final class RequestState {

  /**
   * Queries of ours within one another. Solr's own limit, 100, counts what one parser parses for
   * another; ours hand over to parsers of Solr that start to count anew.
   */
  private static final int DEEPEST = 30;

  private static final Object CONTEXT_KEY = RequestState.class.getName();

  private final Map<String, RequestVectorCache.Encoded> vectors = new ConcurrentHashMap<>();
  private final Map<String, EncoderIdentity> encoders = new ConcurrentHashMap<>();
  private final Map<String, String> serving = new ConcurrentHashMap<>();
  private final Map<String, NotedSearch> searches = new LinkedHashMap<>();
  private final Map<String, FusedRanking> rankings = new TreeMap<>();
  private boolean askedForStatistics;
  private final ThreadLocal<Nesting> nesting = ThreadLocal.withInitial(Nesting::new);

  /** Where a query is parsed. */
  enum Place {
    /** Where it is answered from one index. */
    ONE_INDEX,
    /** On the node that took a distributed request: the query is not run here. */
    COORDINATOR,
    /** At a shard that answers for its part. */
    SHARD
  }

  /**
   * A hybrid search that shards are to be asked about.
   *
   * @param search the search
   * @param level 1 if it needs no other, else one more than the highest of those it needs
   */
  record NotedSearch(HybridSearch search, int level) {}

  /** What a thread is in the middle of parsing. */
  private static final class Nesting {
    private int depth;
    private int level;
  }

  /** The encoder of a model that the request met first. */
  EncoderIdentity encoder(String model, Supplier<EncoderIdentity> now) {
    return encoders.computeIfAbsent(model, name -> now.get());
  }

  /** What stands in for a field, as the request met it first; "" for the field itself. */
  String serving(String field, Supplier<String> now) {
    return serving.computeIfAbsent(field, name -> now.get());
  }

  /** What stands in for the fields that were asked for so far. */
  Map<String, String> serving() {
    return serving;
  }

  /** Parses a query. */
  @FunctionalInterface
  interface Parsing<T> {
    T parse() throws SyntaxError;
  }

  private RequestState() {}

  /** The state of a request. */
  static RequestState of(SolrQueryRequest request) {
    Map<Object, Object> context = request.getContext();
    synchronized (context) {
      return (RequestState) context.computeIfAbsent(CONTEXT_KEY, key -> new RequestState());
    }
  }

  /**
   * Where the queries of a request are parsed. A query for another core, such as that of {@code
   * {!join fromIndex=...}}, has a request of its own and is answered from one index.
   */
  static Place place(SolrQueryRequest request) {
    SolrRequestInfo info = SolrRequestInfo.getRequestInfo();
    ResponseBuilder builder = info == null ? null : info.getResponseBuilder();
    if (builder == null || builder.req != request) {
      return Place.ONE_INDEX;
    }
    if (builder.isDistributed()) {
      return Place.COORDINATOR;
    }
    return request.getParams().getBool(ShardParams.IS_SHARD, false) ? Place.SHARD : Place.ONE_INDEX;
  }

  /** The vectors that clauses needed so far. */
  Map<String, RequestVectorCache.Encoded> vectors() {
    return vectors;
  }

  /**
   * Parses a query that may hold others of ours.
   *
   * @param text for the message
   * @throws SyntaxError if it holds itself; Solr answers 400
   */
  <T> T nested(String text, Parsing<T> parsing) throws SyntaxError {
    Nesting mine = nesting.get();
    if (mine.depth >= DEEPEST) {
      throw new SyntaxError("Infinite Recursion detected parsing query '" + text + "'");
    }
    mine.depth++;
    try {
      return parsing.parse();
    } finally {
      mine.depth--;
      if (mine.depth == 0) {
        nesting.remove();
      }
    }
  }

  /**
   * Notes a hybrid search after its parts were parsed, in which others may have been noted.
   *
   * @param parsing parses the parts
   */
  <T> T note(HybridSearch search, Parsing<T> parsing) throws SyntaxError {
    Nesting mine = nesting.get();
    int others = mine.level;
    mine.level = 0;
    T parsed = parsing.parse();
    int level = mine.level + 1;
    mine.level = Math.max(others, level);
    synchronized (searches) {
      searches.putIfAbsent(search.key(), new NotedSearch(search, level));
    }
    return parsed;
  }

  /** The hybrid searches by their keys. */
  Map<String, NotedSearch> searches() {
    synchronized (searches) {
      return new LinkedHashMap<>(searches);
    }
  }

  /** The rankings that shards have found so far, by the keys of their searches. */
  Map<String, FusedRanking> rankings() {
    return rankings;
  }

  /** Notes that shards are asked for term statistics. */
  void askedForStatistics() {
    askedForStatistics = true;
  }

  /** Whether shards were asked for term statistics. */
  boolean isAskedForStatistics() {
    return askedForStatistics;
  }
}
