/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrDocumentList;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.CursorMarkParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.handler.component.ResponseBuilder;
import org.apache.solr.handler.component.SearchComponent;
import org.apache.solr.handler.component.ShardRequest;
import org.apache.solr.handler.component.ShardResponse;
import org.apache.solr.request.SolrQueryRequest;

/**
 * The part of a distributed request in which the node that took it finds out the ranks of hybrid
 * queries in the whole collection. Ranks within a shard would say nothing: the best document of a
 * poor shard is not the best of the collection. So before the main query every shard is asked for
 * its best documents by words and by vectors; the node sorts them by score, and sends the standings
 * along with all requests that follow.
 */
public final class HybridStage {

  /** After Solr has collected term statistics, before it looks for groups and documents. */
  private static final int STAGE =
      (ResponseBuilder.STAGE_PARSE_QUERY + ResponseBuilder.STAGE_TOP_GROUPS) / 2;

  private static final String PREFIX = "llm2vec.hybrid.";

  /** In a request for a ranking: {@code words} or {@code vectors}, a blank, the search's key. */
  private static final String RANK = PREFIX + "rank";

  private static final String WORDS = "words";
  private static final String VECTORS = "vectors";
  private static final Object CONTEXT_KEY = HybridStage.class.getName();

  private static final List<String> NOT_FOR_RANKINGS =
      List.of(
          CommonParams.SORT,
          CommonParams.RQ,
          CommonParams.JSON,
          ShardParams.SHARDS,
          CommonParams.OMIT_HEADER,
          "defType",
          "group",
          CursorMarkParams.CURSOR_MARK_PARAM);

  private static final List<String> OTHER_COMPONENTS =
      List.of(
          "facet",
          "hl",
          "mlt",
          "stats",
          "debug",
          "debugQuery",
          "terms",
          "spellcheck",
          "expand",
          "enableElevation",
          "suggest",
          "tv",
          "analytics");

  private HybridStage() {}

  /** What a shard is asked for, if it is asked for a ranking. */
  enum Wanted {
    /** Not a request for a ranking. */
    RESULTS,
    /** The best by words. */
    WORDS,
    /** The best by vectors. */
    VECTORS,
    /** A ranking of another search than this. */
    OTHER
  }

  /** What a request wants of a search. */
  static Wanted wanted(SolrQueryRequest request, HybridSearch search) {
    String rank = request.getParams().get(RANK);
    if (rank == null) {
      return Wanted.RESULTS;
    }
    // A request for a ranking has the search as its main query, wherever it stood before.
    boolean meant =
        Stream.of(true, false)
            .map(filtered -> new HybridSearch(search.query(), search.depth(), filtered).key())
            .anyMatch(key -> rank.endsWith(" " + key));
    if (!meant) {
      return Wanted.OTHER;
    }
    return rank.startsWith(WORDS) ? Wanted.WORDS : Wanted.VECTORS;
  }

  /** The parameter in which the ranks of a search travel. */
  static String parameter(HybridSearch search) {
    return PREFIX + search.key();
  }

  /** Asks the shards for rankings when it is time; returns the next stage that is wanted. */
  public static int distributedProcess(ResponseBuilder builder, SearchComponent component) {
    List<HybridSearch> searches = HybridSearch.of(builder.req);
    if (searches.isEmpty() || builder.getStage() > STAGE) {
      return ResponseBuilder.STAGE_DONE;
    }
    if (builder.getStage() < STAGE) {
      return STAGE;
    }
    for (HybridSearch search : searches) {
      builder.addRequest(component, request(builder, search, WORDS));
      builder.addRequest(component, request(builder, search, VECTORS));
    }
    return ResponseBuilder.STAGE_DONE;
  }

  private static ShardRequest request(
      ResponseBuilder builder, HybridSearch search, String ranking) {
    ModifiableSolrParams params = new ModifiableSolrParams(builder.req.getParams());
    NOT_FOR_RANKINGS.forEach(params::remove);
    Set<String> names = new HashSet<>(params.getParameterNames());
    names.stream().filter(name -> name.startsWith("json.")).forEach(params::remove);
    OTHER_COMPONENTS.forEach(name -> params.set(name, false));
    if (!search.filtered()) {
      params.remove(CommonParams.FQ);
    }
    params.set(CommonParams.Q, search.query());
    params.set(CommonParams.START, 0);
    params.set(CommonParams.ROWS, search.depth());
    params.set(CommonParams.FL, uniqueKey(builder) + ",score");
    params.set(RANK, ranking + " " + search.key());
    QueryVectors.send(builder.req, params);
    ShardRequest request = new ShardRequest();
    request.purpose = ShardRequest.PURPOSE_PRIVATE;
    request.params = params;
    if (ranking.equals(WORDS)) {
      request.purpose |= ShardRequest.PURPOSE_SET_TERM_STATS;
      builder.req.getSearcher().getStatsCache().sendGlobalStats(builder, request);
    }
    return request;
  }

  /** Takes the rankings that shards found. */
  public static void handleResponses(ResponseBuilder builder, ShardRequest request) {
    String rank = request.params.get(RANK);
    if (rank != null) {
      rankings(builder.req).put(rank, ranking(builder, request));
    }
  }

  /** Sends the ranks along, if they are known yet. */
  public static void send(ResponseBuilder builder, ShardRequest request) {
    Map<String, List<FusedRanking.Hit>> rankings = rankings(builder.req);
    for (HybridSearch search : HybridSearch.of(builder.req)) {
      List<FusedRanking.Hit> words = rankings.get(WORDS + " " + search.key());
      List<FusedRanking.Hit> vectors = rankings.get(VECTORS + " " + search.key());
      if (words != null && vectors != null) {
        request.params.set(parameter(search), FusedRanking.of(words, vectors).write());
      }
    }
  }

  /** Best first; documents of equal score in the order of their keys, whatever their shards. */
  private static List<FusedRanking.Hit> ranking(ResponseBuilder builder, ShardRequest request) {
    String uniqueKey = uniqueKey(builder);
    List<FusedRanking.Hit> hits = new ArrayList<>();
    for (ShardResponse response : request.responses) {
      if (response.getException() == null
          && response.getSolrResponse().getResponse().get("response")
              instanceof SolrDocumentList found) {
        for (SolrDocument document : found) {
          hits.add(
              new FusedRanking.Hit(
                  document.getFieldValue(uniqueKey).toString(),
                  ((Number) document.getFieldValue("score")).floatValue()));
        }
      }
    }
    hits.sort(
        Comparator.<FusedRanking.Hit>comparingDouble(hit -> -hit.score())
            .thenComparing(FusedRanking.Hit::id));
    Set<String> seen = new HashSet<>();
    return hits.stream()
        .filter(hit -> seen.add(hit.id()))
        .limit(request.params.getInt(CommonParams.ROWS, 0))
        .toList();
  }

  private static String uniqueKey(ResponseBuilder builder) {
    return builder.req.getSchema().getUniqueKeyField().getName();
  }

  // The context is a map of anything; this class alone writes the key.
  @SuppressWarnings("unchecked")
  private static Map<String, List<FusedRanking.Hit>> rankings(SolrQueryRequest request) {
    return (Map<String, List<FusedRanking.Hit>>)
        request.getContext().computeIfAbsent(CONTEXT_KEY, key -> new HashMap<>());
  }
}
