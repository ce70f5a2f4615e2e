/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.update.MappedField;
import io.github.llm2vec.solr.update.VectorConsistencyProcessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.update.processor.UpdateRequestProcessor;
import org.apache.solr.update.processor.UpdateRequestProcessorFactory;

/**
 * Keeps vector and text together through atomic updates. It takes no arguments and does what the
 * {@link Llm2VecUpdateProcessorFactory} of its chain says; it stands behind the distributed
 * processor, and the schema has a field for the stored copies:
 *
 * <pre>{@code
 * <processor class="io.github.llm2vec.solr.Llm2VecUpdateProcessorFactory"> ... </processor>
 * <processor class="solr.DistributedUpdateProcessorFactory"/>
 * <processor class="io.github.llm2vec.solr.Llm2VecGuardUpdateProcessorFactory"/>
 * <processor class="solr.RunUpdateProcessorFactory"/>
 * }</pre>
 */
public final class Llm2VecGuardUpdateProcessorFactory extends UpdateRequestProcessorFactory {

  private static final String NAME = "Llm2VecGuardUpdateProcessorFactory";

  /** Made by Solr. */
  public Llm2VecGuardUpdateProcessorFactory() {}

  @Override
  public void init(NamedList<?> args) {
    // Has no arguments; a wrong one must not pass in silence.
    new PluginArguments(NAME, args, Set.of());
  }

  @Override
  public UpdateRequestProcessor getInstance(
      SolrQueryRequest request, SolrQueryResponse response, UpdateRequestProcessor next) {
    List<Llm2VecUpdateProcessorFactory> encoding = UpdateChain.of(request).encoding();
    if (encoding.isEmpty()) {
      encoding = UpdateChain.ofDefault(request).encoding();
    }
    if (encoding.isEmpty()) {
      throw SolrErrors.serverError(
          NAME + " has nothing to check: its chain has no Llm2VecUpdateProcessorFactory");
    }
    List<MappedField> fields = new ArrayList<>();
    for (Llm2VecUpdateProcessorFactory factory : encoding) {
      fields.addAll(factory.fields(request));
    }
    for (MappedField field : fields) {
      field.requireCopy();
    }
    return new VectorConsistencyProcessor(fields, encoding.get(0).limits(), request, next);
  }
}
