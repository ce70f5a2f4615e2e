/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.FusionMethod;
import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.Llm2VecQueries;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.ShardParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.handler.component.ResponseBuilder;
import org.apache.solr.handler.component.ShardRequest;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.request.SolrRequestInfo;
import org.apache.solr.search.PostFilter;
import org.apache.solr.search.QParser;
import org.apache.solr.search.QueryUtils;
import org.apache.solr.search.SyntaxError;

/**
 * Searches by words and by vectors and fuses both rankings. Within one index the query does all by
 * itself. In a distributed request the same query means four things, one after the other: on the
 * node that took the request it is noted and not run; shards are asked for their best documents by
 * words, and by vectors; and with the ranks of the whole collection, which come with the request,
 * shards give the documents that they have.
 */
public final class HybridQueryParser extends QParser {

  private static final String WORDS = "words";
  private static final String DEPTH = "depth";
  private static final String FUSION = "fusion";
  private static final String RANK_CONSTANT = "rankConstant";
  private static final String WORD_WEIGHT = "wordWeight";
  private static final String VECTOR_WEIGHT = "vectorWeight";
  private static final String PRE_FILTER = "preFilter";
  private static final int DEFAULT_DEPTH = 100;

  /** What is taken from the request where there are no local parameters: with defType. */
  private static final List<String> REQUEST_PARAMETERS =
      List.of(
          "f",
          "model",
          "instruction",
          WORDS,
          DEPTH,
          FUSION,
          RANK_CONSTANT,
          WORD_WEIGHT,
          VECTOR_WEIGHT,
          PRE_FILTER,
          "efSearch",
          "overRequest",
          "which",
          "parents.preFilter");

  private final String vectorParser;

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
    if (qstr == null || qstr.isBlank()) {
      throw refused("the text to search for is empty; give it as v=$q or after the }");
    }
    SolrParams own = own();
    int depth = count(own, DEPTH, DEFAULT_DEPTH);
    HybridFusion fusion = fusion(own);
    boolean filtered = !isFilter() && recurseCount == 0;
    HybridSearch search = HybridSearch.of(name(), own, depth, filtered);
    return switch (HybridStage.wanted(req, search)) {
      case WORDS -> words(own);
      case VECTORS -> vectors(own, depth);
      case OTHER ->
          throw refused("a hybrid query cannot be filtered by another one in a distributed search");
      case RESULTS -> results(search, own, fusion);
    };
  }

  private Query results(HybridSearch search, SolrParams own, HybridFusion fusion)
      throws SyntaxError {
    String ranks = req.getParams().get(HybridStage.parameter(search));
    if (ranks != null) {
      return new FusedRankingQuery(
          req.getSchema().getUniqueKeyField(), FusedRanking.read(ranks), fusion);
    }
    if (req.getParams().getBool(ShardParams.IS_SHARD, false)) {
      int purpose = req.getParams().getInt(ShardParams.SHARDS_PURPOSE, 0);
      if ((purpose & ShardRequest.PURPOSE_GET_TERM_STATS) != 0) {
        return words(own);
      }
      throw refused(
          "the ranks in the whole collection did not come with the request; name a"
              + " Llm2VecComponent in the last-components of the request handler");
    }
    Query words = words(own);
    Query vectors = vectors(own, search.depth());
    if (isCoordinator()) {
      HybridSearch.note(req, search);
      return Llm2VecQueries.hybrid(words, vectors, new MatchAllDocsQuery(), search.depth(), fusion);
    }
    return Llm2VecQueries.hybrid(words, vectors, filter(search.filtered()), search.depth(), fusion);
  }

  /** Whether the query is never run here, because shards do that. */
  private static boolean isCoordinator() {
    SolrRequestInfo info = SolrRequestInfo.getRequestInfo();
    ResponseBuilder builder = info == null ? null : info.getResponseBuilder();
    return builder != null && builder.isDistributed();
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
    return given.isBlank()
        ? req.getCore().getQueryPlugin("edismax").createParser(qstr, own, params, req)
        : subQuery(given, null);
  }

  private Query vectors(SolrParams own, int depth) throws SyntaxError {
    ModifiableSolrParams local = new ModifiableSolrParams(own);
    local.remove(WORDS);
    local.set("topK", depth);
    QParser parser =
        req.getCore().getQueryPlugin(vectorParser).createParser(qstr, local, params, req);
    parser.setIsFilter(isFilter() || recurseCount != 0);
    return parser.getQuery();
  }

  private List<Query> preFilters(SolrParams own) throws SyntaxError {
    List<Query> filters = new ArrayList<>();
    String[] given = own.getParams(PRE_FILTER);
    for (String filter : given == null ? new String[0] : given) {
      QParser parser = subQuery(filter, null);
      parser.setIsFilter(true);
      Optional.ofNullable(parser.getQuery()).ifPresent(filters::add);
    }
    return filters;
  }

  /** The documents that pass the filters of the request, if these are the query's own. */
  private Query filter(boolean filtered) throws SyntaxError {
    List<Query> filters = new ArrayList<>();
    if (filtered) {
      // Post filters look at the hits of the whole query.
      QueryUtils.parseFilterQueries(req).stream()
          .filter(filter -> !(filter instanceof PostFilter post && post.getCost() >= 100))
          .forEach(filters::add);
    }
    if (filters.isEmpty()) {
      return new MatchAllDocsQuery();
    }
    try {
      return req.getSearcher().getDocSet(filters).makeQuery();
    } catch (IOException e) {
      throw new SolrException(ErrorCode.SERVER_ERROR, "the filters cannot be read", e);
    }
  }

  /** What is highlighted are words: a vector has none. */
  @Override
  public Query getHighlightQuery() throws SyntaxError {
    return wordParser(own()).getHighlightQuery();
  }

  private SolrParams own() {
    ModifiableSolrParams own = new ModifiableSolrParams();
    if (localParams != null) {
      own.add(localParams);
    } else {
      for (String name : REQUEST_PARAMETERS) {
        String[] values = params.getParams(name);
        if (values != null) {
          own.set(name, values);
        }
      }
    }
    own.set("v", qstr);
    return own;
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
      throw refused(e.getMessage());
    }
  }

  private static int count(SolrParams own, String name, int missing) {
    int value = own.getInt(name, missing);
    if (value < 1) {
      throw refused(name + " must be at least 1, got " + value);
    }
    return value;
  }

  private static SolrException refused(String message) {
    return new SolrException(ErrorCode.BAD_REQUEST, "llm2vecHybrid query: " + message);
  }
}
