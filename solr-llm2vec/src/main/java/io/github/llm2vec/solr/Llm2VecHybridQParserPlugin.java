/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.query.HybridQueryParser;
import java.util.Set;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.QParserPlugin;

/**
 * Searches by words and by meaning and fuses both rankings by reciprocal rank fusion (Cormack,
 * Clarke, Büttcher, SIGIR 2009): {@code {!llm2vecHybrid f=vector qf='title^2 text' v=$q}}. In
 * {@code solrconfig.xml}, beside a {@link Llm2VecQParserPlugin} and, for collections of several
 * shards, a {@link Llm2VecComponent}:
 *
 * <pre>{@code
 * <queryParser name="llm2vecHybrid" class="io.github.llm2vec.solr.Llm2VecHybridQParserPlugin">
 *   <str name="queryParser">llm2vec</str>
 * </queryParser>
 * }</pre>
 *
 * <p>{@code docs/solr-queries.md} lists the parameters.
 */
public final class Llm2VecHybridQParserPlugin extends QParserPlugin {

  private static final String QUERY_PARSER = "queryParser";

  private String queryParser = "llm2vec";

  /** Made by Solr. */
  public Llm2VecHybridQParserPlugin() {}

  @Override
  public void init(NamedList<?> args) {
    queryParser =
        new PluginArguments("Llm2VecHybridQParserPlugin", args, Set.of(QUERY_PARSER))
            .text(QUERY_PARSER, queryParser);
  }

  @Override
  public QParser createParser(
      String text, SolrParams localParams, SolrParams params, SolrQueryRequest request) {
    return new HybridQueryParser(text, localParams, params, request, queryParser);
  }
}
