/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.query.EncodedQueryParser;
import io.github.llm2vec.solr.query.EncodedQueryParser.QueryDefaults;
import io.github.llm2vec.solr.query.KnownBlocks;
import java.util.Set;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.QParserPlugin;

/**
 * Searches for the documents nearest to a text: {@code {!llm2vec f=vector topK=10 v=$q}}, with
 * {@code model=}, {@code adapter=} and {@code instruction=} where they differ from the defaults,
 * and with whatever the {@code knn} parser of this Solr takes. In {@code solrconfig.xml}:
 *
 * <pre>{@code
 * <queryParser name="llm2vec" class="io.github.llm2vec.solr.Llm2VecQParserPlugin">
 *   <str name="model">default</str>
 *   <str name="instruction">Given a question, find passages that answer it:</str>
 *   <int name="efSearch">100</int>
 *   <int name="overRequest">5</int>
 * </queryParser>
 * }</pre>
 *
 * <p>{@code docs/solr-queries.md} lists the parameters.
 */
public final class Llm2VecQParserPlugin extends QParserPlugin {

  private static final Set<String> KNOWN =
      Set.of("model", "adapter", "instruction", "dimensions", "efSearch", "overRequest");

  private final KnownBlocks blocks = new KnownBlocks();
  private QueryDefaults defaults = QueryDefaults.NONE;

  /** Made by Solr. */
  public Llm2VecQParserPlugin() {}

  @Override
  public void init(NamedList<?> args) {
    PluginArguments arguments = new PluginArguments("Llm2VecQParserPlugin", args, KNOWN);
    defaults =
        new QueryDefaults(
            arguments.text("model", ""),
            arguments.text("adapter", ""),
            arguments.text("instruction", ""),
            count(arguments, "dimensions"),
            count(arguments, "efSearch"),
            count(arguments, "overRequest"));
  }

  private static int count(PluginArguments arguments, String name) {
    long value = arguments.number(name, 0);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw arguments.wrong("argument '" + name + "' must be at least 1, found " + value);
    }
    return (int) value;
  }

  /** What queries fall back on. */
  QueryDefaults defaults() {
    return defaults;
  }

  @Override
  public QParser createParser(
      String text, SolrParams localParams, SolrParams params, SolrQueryRequest request) {
    return new EncodedQueryParser(text, localParams, params, request, defaults, blocks);
  }
}
