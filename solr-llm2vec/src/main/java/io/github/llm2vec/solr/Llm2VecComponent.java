/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.query.ClauseVectors;
import io.github.llm2vec.solr.query.HybridFusionPhase;
import io.github.llm2vec.solr.query.MergedRows;
import java.io.IOException;
import java.util.Set;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.core.SolrCore;
import org.apache.solr.handler.component.ResponseBuilder;
import org.apache.solr.handler.component.SearchComponent;
import org.apache.solr.handler.component.ShardRequest;
import org.apache.solr.util.plugin.SolrCoreAware;

/**
 * Sends query vectors along with the requests to the shards, so that a distributed query is encoded
 * once instead of at every shard and phase; finds out the ranks of hybrid queries in the whole
 * collection; and has the model of the query parser opened when the core is loaded instead of at
 * the first query. In {@code solrconfig.xml}, with its name in the {@code last-components} of the
 * search handlers:
 *
 * <pre>{@code
 * <searchComponent name="llm2vec" class="io.github.llm2vec.solr.Llm2VecComponent">
 *   <str name="queryParser">llm2vec</str>
 * </searchComponent>
 * }</pre>
 */
public final class Llm2VecComponent extends SearchComponent implements SolrCoreAware {

  private static final String QUERY_PARSER = "queryParser";

  private String queryParser = "llm2vec";

  /** Made by Solr. */
  public Llm2VecComponent() {}

  @Override
  public void init(NamedList<?> args) {
    super.init(args);
    queryParser =
        new PluginArguments("Llm2VecComponent", args, Set.of(QUERY_PARSER))
            .text(QUERY_PARSER, queryParser);
  }

  @Override
  public void inform(SolrCore core) {
    if (core.getQueryPlugin(queryParser) instanceof Llm2VecQParserPlugin plugin
        && !plugin.defaults().model().isBlank()) {
      EncoderRegistry.of(core).acquire(core, plugin.defaults().model());
    }
  }

  @Override
  public void prepare(ResponseBuilder builder) {
    // Most query vectors come into being where queries are parsed.
    if (builder.isDistributed()) {
      ClauseVectors.encode(builder.req);
      MergedRows.limit(builder);
    }
    HybridFusionPhase.prepare(builder);
  }

  @Override
  public void process(ResponseBuilder builder) throws IOException {
    HybridFusionPhase.process(builder);
  }

  @Override
  public void modifyRequest(
      ResponseBuilder builder, SearchComponent sender, ShardRequest shardRequest) {
    HybridFusionPhase.send(builder, shardRequest);
  }

  @Override
  public int distributedProcess(ResponseBuilder builder) {
    return HybridFusionPhase.distributedProcess(builder, this);
  }

  @Override
  public void handleResponses(ResponseBuilder builder, ShardRequest shardRequest) {
    HybridFusionPhase.handleResponses(builder, shardRequest);
  }

  @Override
  public String getDescription() {
    return "Sends LLM2Vec query vectors and hybrid ranks to the shards";
  }
}
