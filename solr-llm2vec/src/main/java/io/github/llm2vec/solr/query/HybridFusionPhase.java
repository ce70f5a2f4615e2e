/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.query.RequestState.NotedSearch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.CursorMarkParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.handler.component.QueryComponent;
import org.apache.solr.handler.component.ResponseBuilder;
import org.apache.solr.handler.component.SearchComponent;
import org.apache.solr.handler.component.ShardRequest;
import org.apache.solr.handler.component.ShardResponse;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.search.QParserPlugin;
import org.apache.solr.search.QueryUtils;
import org.apache.solr.search.SolrIndexSearcher;
import org.apache.solr.search.SolrReturnFields;
import org.apache.solr.search.SyntaxError;
import org.apache.solr.search.stats.StatsCache;

/**
 * Distributed phase of hybrid queries: the coordinating node asks the shards for both result lists
 * and fuses their ranks over the whole collection. Ranks within a shard would say nothing: the best
 * document of a poor shard is not the best of the collection. So before the main query every shard
 * is asked for its best documents by words and by vectors; the node sorts them by score, and sends
 * the standings along with all requests that follow. A search that is filtered by others waits for
 * their ranks.
 *
 * <p>Shards rank as one index does: the same parser makes the same queries from the same
 * parameters, which travel as JSON, see {@link HybridSearch}.
 */
public final class HybridFusionPhase {

  /** After Solr has collected term statistics, before it looks for groups and documents. */
  private static final int STAGE =
      (ResponseBuilder.STAGE_PARSE_QUERY + ResponseBuilder.STAGE_TOP_GROUPS) / 2;

  private static final String PREFIX = "llm2vec.hybrid.";

  /** In a request for rankings: the searches that are asked about. */
  static final String SEARCH = PREFIX + "search";

  /** In the answer: the rankings by the keys of their searches. */
  private static final String RANKINGS = PREFIX + "rankings";

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
          QueryComponent.COMPONENT_NAME,
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

  private HybridFusionPhase() {}

  /** The parameter in which the ranks of a search travel. */
  static String parameter(HybridSearch search) {
    return PREFIX + search.key();
  }

  /** Asks the shards for rankings when it is time; returns the next stage that is wanted. */
  public static int distributedProcess(ResponseBuilder builder, SearchComponent component) {
    RequestState state = RequestState.of(builder.req);
    Collection<NotedSearch> searches = state.searches().values();
    if (builder.getStage() == STAGE && !state.isAskedForStatistics()) {
      askForStatistics(builder, component);
    }
    List<HybridSearch> now =
        searches.stream()
            .filter(noted -> stage(noted) == builder.getStage())
            .map(NotedSearch::search)
            .toList();
    if (!now.isEmpty()) {
      ShardRequest request = request(builder, now);
      // Solr asks all components but the sender what else is to go along.
      send(builder, request);
      builder.addRequest(component, request);
    }
    return IntStream.concat(
            searches.stream().limit(1).mapToInt(first -> STAGE),
            searches.stream().mapToInt(HybridFusionPhase::stage))
        .filter(stage -> stage > builder.getStage())
        .min()
        .orElse(ResponseBuilder.STAGE_DONE);
  }

  /** Solr asks for them where the main query is to have scores; the ranks by words need them. */
  private static void askForStatistics(ResponseBuilder builder, SearchComponent component) {
    ShardRequest request =
        builder.isDistribStatsDisabled()
            ? null
            : builder.req.getSearcher().getStatsCache().retrieveStatsRequest(builder);
    if (request != null) {
      send(builder, request);
      builder.addRequest(component, request);
    }
  }

  private static int stage(NotedSearch noted) {
    return STAGE + noted.level();
  }

  private static ShardRequest request(ResponseBuilder builder, List<HybridSearch> searches) {
    ModifiableSolrParams params = new ModifiableSolrParams(builder.req.getParams());
    NOT_FOR_RANKINGS.forEach(params::remove);
    Set<String> names = new HashSet<>(params.getParameterNames());
    names.stream().filter(name -> name.startsWith("json.")).forEach(params::remove);
    OTHER_COMPONENTS.forEach(name -> params.set(name, false));
    params.set(SEARCH, searches.stream().map(HybridSearch::write).toArray(String[]::new));
    ShardRequest request = new ShardRequest();
    request.purpose = ShardRequest.PURPOSE_PRIVATE | ShardRequest.PURPOSE_SET_TERM_STATS;
    request.params = params;
    builder.req.getSearcher().getStatsCache().sendGlobalStats(builder, request);
    return request;
  }

  /**
   * Adds the words of all hybrid searches to what a shard is asked the term statistics of: Solr
   * takes those of the main query alone.
   */
  public static void prepare(ResponseBuilder builder) {
    SolrQueryRequest request = builder.req;
    String[] searches = request.getParams().getParams(SEARCH);
    if (searches == null || !isForStatistics(request.getParams()) || builder.getQuery() == null) {
      return;
    }
    BooleanQuery.Builder all =
        new BooleanQuery.Builder().add(builder.getQuery(), BooleanClause.Occur.SHOULD);
    for (String written : searches) {
      all.add(parts(request, HybridSearch.read(written)).words(), BooleanClause.Occur.SHOULD);
    }
    builder.setQuery(all.build());
  }

  private static boolean isForStatistics(SolrParams params) {
    return (params.getInt(ShardParams.SHARDS_PURPOSE, 0) & ShardRequest.PURPOSE_GET_TERM_STATS)
        != 0;
  }

  /** Answers a request for rankings. */
  public static void process(ResponseBuilder builder) throws IOException {
    SolrQueryRequest request = builder.req;
    String[] searches = request.getParams().getParams(SEARCH);
    if (searches == null || isForStatistics(request.getParams())) {
      return;
    }
    SolrIndexSearcher searcher = request.getSearcher();
    StatsCache statistics = searcher.getStatsCache();
    statistics.receiveGlobalStats(request);
    request.getContext().put(SolrIndexSearcher.STATS_SOURCE, statistics.get(request));
    NamedList<Object> rankings = new NamedList<>();
    for (String written : searches) {
      HybridSearch search = HybridSearch.read(written);
      HybridQueryParser.Parts parts = parts(request, search);
      Ranking words = Ranking.of(request, parts.words(), parts);
      Ranking vectors = Ranking.of(request, parts.vectors(), parts);
      rankings.add(
          search.key(), List.of(words.ids(), words.scores(), vectors.ids(), vectors.scores()));
    }
    builder.rsp.add(RANKINGS, rankings);
  }

  private static HybridQueryParser.Parts parts(SolrQueryRequest request, HybridSearch search) {
    QParserPlugin plugin = request.getCore().getQueryPlugin(search.parser());
    if (plugin == null
        || !(plugin.createParser(
                search.localParams().get("v"), search.localParams(), request.getParams(), request)
            instanceof HybridQueryParser parser)) {
      throw SolrErrors.badRequest("this core has no hybrid query parser '" + search.parser() + "'");
    }
    try {
      return parser.parts(search.filtered());
    } catch (SyntaxError e) {
      throw new SolrException(ErrorCode.BAD_REQUEST, e);
    }
  }

  /** What one shard found by words or by vectors: parallel lists, best first. */
  private record Ranking(List<String> ids, List<Float> scores) {

    static Ranking of(SolrQueryRequest request, Query query, HybridQueryParser.Parts parts)
        throws IOException {
      SolrIndexSearcher searcher = request.getSearcher();
      Query filtered = QueryUtils.combineQueryAndFilter(query, parts.filter());
      SchemaField key = request.getSchema().getUniqueKeyField();
      SolrReturnFields only = new SolrReturnFields(key.getName(), request);
      Ranking ranking = new Ranking(new ArrayList<>(), new ArrayList<>());
      int most = Math.max(1, Math.min(parts.depth(), searcher.maxDoc()));
      for (ScoreDoc hit : searcher.search(filtered, most).scoreDocs) {
        Object id = searcher.getDocFetcher().solrDoc(hit.doc, only).getFirstValue(key.getName());
        ranking.ids.add(
            id instanceof IndexableField stored
                ? key.getType().toExternal(stored)
                : String.valueOf(id));
        ranking.scores.add(hit.score);
      }
      return ranking;
    }
  }

  /** Takes the rankings that shards found. */
  public static void handleResponses(ResponseBuilder builder, ShardRequest request) {
    String[] searches = request.params.getParams(SEARCH);
    if (searches == null) {
      return;
    }
    if ((request.purpose & ShardRequest.PURPOSE_GET_TERM_STATS) != 0) {
      if (builder.grouping()) {
        // Solr does so for requests without groups.
        builder
            .req
            .getSearcher()
            .getStatsCache()
            .mergeToGlobalStats(builder.req, request.responses);
      }
      return;
    }
    for (String written : searches) {
      HybridSearch search = HybridSearch.read(written);
      RequestState state = RequestState.of(builder.req);
      int depth = HybridQueryParser.depth(search.localParams());
      state
          .rankings()
          .put(
              search.key(),
              FusedRanking.of(
                  merged(request, search, 0, depth), merged(request, search, 2, depth)));
    }
  }

  /**
   * Best first; documents of equal score in the order of their keys, whatever their shards.
   *
   * @param place of the ranking's ids among the lists of an answer
   */
  private static List<FusedRanking.Hit> merged(
      ShardRequest request, HybridSearch search, int place, int depth) {
    List<FusedRanking.Hit> hits = new ArrayList<>();
    for (ShardResponse response : request.responses) {
      if (response.getException() == null
          && response.getSolrResponse().getResponse().get(RANKINGS) instanceof NamedList<?> found
          && found.get(search.key()) instanceof List<?> lists
          && lists.get(place) instanceof List<?> ids
          && lists.get(place + 1) instanceof List<?> scores) {
        for (int i = 0; i < ids.size(); i++) {
          hits.add(
              new FusedRanking.Hit(ids.get(i).toString(), ((Number) scores.get(i)).floatValue()));
        }
      }
    }
    hits.sort(
        Comparator.<FusedRanking.Hit>comparingDouble(hit -> -hit.score())
            .thenComparing(FusedRanking.Hit::id));
    Set<String> seen = new HashSet<>();
    return hits.stream().filter(hit -> seen.add(hit.id())).limit(depth).toList();
  }

  /** Sends the vectors and the ranks along that are known yet, without filling the shards' logs. */
  public static void send(ResponseBuilder builder, ShardRequest request) {
    RequestVectorCache.send(builder.req, request.params);
    ServedField.send(builder.req, request.params);
    RequestState state = RequestState.of(builder.req);
    if ((request.purpose & ShardRequest.PURPOSE_GET_TERM_STATS) != 0) {
      state.askedForStatistics();
      request.params.set(
          SEARCH,
          state.searches().values().stream()
              .map(noted -> noted.search().write())
              .toArray(String[]::new));
    }
    Map<String, FusedRanking> rankings = state.rankings();
    for (NotedSearch noted : state.searches().values()) {
      FusedRanking ranking = rankings.get(noted.search().key());
      if (ranking != null) {
        request.params.set(parameter(noted.search()), ranking.write());
      }
    }
    ShardLog.shorten(request.params);
  }
}
