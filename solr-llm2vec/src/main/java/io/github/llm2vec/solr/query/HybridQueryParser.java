/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.FusionMethod;
import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.Llm2VecQueries;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.StrUtils;
import org.apache.solr.handler.component.ShardRequest;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.ExtendedQuery;
import org.apache.solr.search.PostFilter;
import org.apache.solr.search.QParser;
import org.apache.solr.search.QueryUtils;
import org.apache.solr.search.SyntaxError;

/**
 * Searches by words and by vectors and fuses both rankings. Within one index the query does all by
 * itself. In a distributed request the node that took it notes the query and does not run it; the
 * shards are asked for both rankings, see {@link HybridFusionPhase}; and with the ranks of the
 * whole collection, which come with the request, the same query at a shard gives the documents that
 * the shard has.
 */
public final class HybridQueryParser extends QParser {

  private static final String WORDS = "words";
  private static final String DEPTH = "depth";
  private static final String FUSION = "fusion";
  private static final String RANK_CONSTANT = "rankConstant";
  private static final String WORD_WEIGHT = "wordWeight";
  private static final String VECTOR_WEIGHT = "vectorWeight";
  private static final int DEFAULT_DEPTH = 100;

  /** From here on Solr applies filters that can do so after the query, when they are not cached. */
  private static final int POST_FILTER_COST = 100;

  /** What {@code {!llm2vec}} takes and has a meaning here. */
  private static final Set<String> OF_VECTORS =
      EncodedQueryParser.NAMES.stream()
          .filter(Predicate.not(Set.of("topK", "minReturn", "minTraverse", "childrenOf")::contains))
          .collect(Collectors.toUnmodifiableSet());

  private static final Set<String> OF_FUSION =
      Set.of(WORDS, DEPTH, FUSION, RANK_CONSTANT, WORD_WEIGHT, VECTOR_WEIGHT);

  private static final Set<String> OF_EDISMAX =
      Set.of(
          "qf",
          "pf",
          "pf2",
          "pf3",
          "ps",
          "ps2",
          "ps3",
          "qs",
          "mm",
          "mm.autoRelax",
          "tie",
          "bq",
          "bf",
          "boost",
          "q.alt",
          "uf",
          "lowercaseOperators",
          "stopwords",
          "sow");

  private static final Set<String> NAMES =
      Stream.of(OF_VECTORS, OF_FUSION, OF_EDISMAX)
          .flatMap(Set::stream)
          .collect(Collectors.toUnmodifiableSet());

  private final String vectorParser;

  /**
   * What a hybrid search consists of.
   *
   * @param words scores by words
   * @param vectors scores by vectors
   * @param filter which documents are ranked at all
   * @param depth documents of either ranking that are fused
   */
  record Parts(Query words, Query vectors, Query filter, int depth) {}

  /**
   * A parser for one query; text, local parameters and request come from Solr.
   *
   * @param vectorParser name of the parser for the vectors
   */
  public HybridQueryParser(
      String text,
      SolrParams localParams,
      SolrParams params,
      SolrQueryRequest request,
      String vectorParser) {
    super(text, localParams, params, request);
    this.vectorParser = vectorParser;
  }

  @Override
  public Query parse() throws SyntaxError {
    SolrParams own = own();
    HybridFusion fusion = fusion(own);
    HybridSearch search = HybridSearch.of(name(), own, !isFilter() && recurseCount == 0);
    return RequestState.of(req).nested(qstr, () -> parse(search, own, fusion));
  }

  private Query parse(HybridSearch search, SolrParams own, HybridFusion fusion) throws SyntaxError {
    RequestState state = RequestState.of(req);
    return switch (RequestState.place(req)) {
      case ONE_INDEX -> fused(search, parts(search.filtered()), fusion);
      case COORDINATOR ->
          fused(search, state.note(search, () -> unfiltered(own, search.filtered())), fusion);
      case SHARD -> ofShard(search, own, fusion);
    };
  }

  private static Query fused(HybridSearch search, Parts parts, HybridFusion fusion) {
    return new LimitedQuery(
        Llm2VecQueries.hybrid(
            parts.words(), parts.vectors(), parts.filter(), parts.depth(), fusion),
        parts.words(),
        search.describe());
  }

  private Query ofShard(HybridSearch search, SolrParams own, HybridFusion fusion)
      throws SyntaxError {
    String ranks = req.getParams().get(HybridFusionPhase.parameter(search));
    if (ranks != null) {
      Query words = words(own);
      return new LimitedQuery(
          new FusedRankingQuery(
              req.getSchema().getUniqueKeyField(), FusedRanking.read(ranks), fusion, words),
          words,
          search.describe());
    }
    int purpose = req.getParams().getInt(ShardParams.SHARDS_PURPOSE, 0);
    if ((purpose & ShardRequest.PURPOSE_GET_TERM_STATS) != 0) {
      return words(own);
    }
    throw refused(
        "the ranks in the whole collection did not come with the request; name a"
            + " Llm2VecComponent in the last-components of the request handler");
  }

  /**
   * The queries of which the search consists, to be run on this index.
   *
   * @param filtered whether the filters of the request are those of the search
   */
  Parts parts(boolean filtered) throws SyntaxError {
    SolrParams own = own();
    Parts parts = unfiltered(own, filtered);
    return new Parts(parts.words(), parts.vectors(), filter(own, filtered), parts.depth());
  }

  private Parts unfiltered(SolrParams own, boolean filtered) throws SyntaxError {
    int depth = depth(own);
    Query words = words(own);
    return new Parts(words, vectors(own, depth, filtered), new MatchAllDocsQuery(), depth);
  }

  /** The query for the words, with its own filters. */
  private Query words(SolrParams own) throws SyntaxError {
    Query words =
        Optional.ofNullable(wordParser(own).getQuery())
            .orElseGet(() -> new MatchNoDocsQuery("the text has no words"));
    List<Query> filters = preFilters(own);
    if (filters.isEmpty()) {
      return words;
    }
    BooleanQuery.Builder both = new BooleanQuery.Builder().add(words, BooleanClause.Occur.MUST);
    filters.forEach(
        filter -> both.add(QueryUtils.makeQueryable(filter), BooleanClause.Occur.FILTER));
    return both.build();
  }

  private QParser wordParser(SolrParams own) throws SyntaxError {
    String given = own.get(WORDS, "");
    if (given.isBlank()) {
      return req.getCore().getQueryPlugin("edismax").createParser(qstr, own, params, req);
    }
    QParser parser = subQuery(given, null);
    // As a filter it would not score.
    parser.setIsFilter(false);
    return parser;
  }

  private Query vectors(SolrParams own, int depth, boolean filtered) throws SyntaxError {
    ModifiableSolrParams local = new ModifiableSolrParams();
    for (String name : OF_VECTORS) {
      local.set(name, own.getParams(name));
    }
    local.set("v", qstr);
    local.set(KnnParameters.TOP_K, depth);
    String[] filters = params.getParams(CommonParams.FQ);
    if (filtered && filters != null && local.get(KnnParameters.PRE_FILTER) != null) {
      // Solr's parser takes either its own filters or those of the request.
      local.add(KnnParameters.PRE_FILTER, filters);
    }
    QParser parser =
        req.getCore().getQueryPlugin(vectorParser).createParser(qstr, local, params, req);
    parser.setIsFilter(!filtered);
    return parser.getQuery();
  }

  private List<Query> preFilters(SolrParams own) throws SyntaxError {
    List<Query> filters = new ArrayList<>();
    String[] given = own.getParams(KnnParameters.PRE_FILTER);
    for (String filter : given == null ? new String[0] : given) {
      QParser parser = subQuery(filter, null);
      parser.setIsFilter(true);
      Optional.ofNullable(parser.getQuery()).ifPresent(filters::add);
    }
    return filters;
  }

  /** The documents that pass the filters of the request, if these are the query's own. */
  private Query filter(SolrParams own, boolean filtered) throws SyntaxError {
    if (!filtered) {
      return new MatchAllDocsQuery();
    }
    List<Query> filters = new ArrayList<>(QueryUtils.parseFilterQueries(req));
    List<String> included = tags(own, KnnParameters.INCLUDE_TAGS);
    if (!included.isEmpty()) {
      filters = new ArrayList<>(QueryUtils.getTaggedQueries(req, included));
    }
    filters.removeAll(QueryUtils.getTaggedQueries(req, tags(own, KnnParameters.EXCLUDE_TAGS)));
    // They look at the hits of the whole query.
    filters.removeIf(HybridQueryParser::isPostFilter);
    if (filters.isEmpty()) {
      return new MatchAllDocsQuery();
    }
    try {
      return req.getSearcher().getDocSet(filters).makeQuery();
    } catch (IOException e) {
      throw SolrErrors.serverError("the filters cannot be read", e);
    }
  }

  private static boolean isPostFilter(Query filter) {
    return filter instanceof PostFilter
        && filter instanceof ExtendedQuery extended
        && !extended.getCache()
        && extended.getCost() >= POST_FILTER_COST;
  }

  /** Tags as Solr splits them; a blank one stands for no filter. */
  private static List<String> tags(SolrParams own, String name) {
    List<String> tags = new ArrayList<>();
    String[] given = own.getParams(name);
    for (String value : given == null ? new String[0] : given) {
      tags.addAll(value.indexOf(',') > 0 ? StrUtils.splitSmart(value, ',') : List.of(value));
    }
    return tags;
  }

  /** What is highlighted are words: a vector has none. */
  @Override
  public Query getHighlightQuery() throws SyntaxError {
    return wordParser(own()).getHighlightQuery();
  }

  /** The parameters, checked, the text as {@code v} among them. */
  private SolrParams own() {
    if (qstr == null || qstr.isBlank()) {
      throw refused("the text to search for is empty; give it as v=$q or after the }");
    }
    return QueryParameters.of(name(), localParams, params, NAMES).set("v", qstr);
  }

  /** The name under which the parser is known to the core. */
  private String name() {
    String name = localParams == null ? params.get("defType") : localParams.get("type");
    return name == null ? "llm2vecHybrid" : name;
  }

  private static HybridFusion fusion(SolrParams own) {
    HybridFusion given = HybridFusion.DEFAULT;
    try {
      return new HybridFusion(
          FusionMethod.of(own.get(FUSION, given.method().optionName())),
          own.getInt(RANK_CONSTANT, given.rankConstant()),
          own.getDouble(WORD_WEIGHT, given.wordWeight()),
          own.getDouble(VECTOR_WEIGHT, given.vectorWeight()));
    } catch (IllegalArgumentException e) {
      throw refused(String.valueOf(e.getMessage()));
    }
  }

  /** How many documents of either ranking a search fuses. */
  static int depth(SolrParams own) {
    int value = own.getInt(DEPTH, DEFAULT_DEPTH);
    if (value < 1) {
      throw refused(DEPTH + " must be at least 1, got " + value);
    }
    return value;
  }

  private static SolrException refused(String message) {
    return SolrErrors.badRequest("llm2vecHybrid query: " + message);
  }
}
