/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.solr.core.SolrCore;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.update.processor.DistributedUpdateProcessorFactory;
import org.apache.solr.update.processor.TolerantUpdateProcessorFactory;
import org.apache.solr.update.processor.UpdateRequestProcessorChain;
import org.apache.solr.update.processor.UpdateRequestProcessorFactory;

/**
 * The processors around ours in an update request processor chain.
 *
 * @param processors all of them, in their order
 */
record UpdateChain(List<UpdateRequestProcessorFactory> processors) {

  /** The chain that a request takes. */
  static UpdateChain of(SolrQueryRequest request) {
    return new UpdateChain(
        request.getCore().getUpdateProcessorChain(request.getParams()).getProcessors());
  }

  /** The chain that updates take that ask for none. */
  static UpdateChain ofDefault(SolrQueryRequest request) {
    return new UpdateChain(request.getCore().getUpdateProcessingChain(null).getProcessors());
  }

  /** All chains of a core, the default one first. */
  static List<UpdateChain> allOf(SolrCore core) {
    Set<UpdateRequestProcessorChain> chains = new LinkedHashSet<>();
    chains.add(core.getUpdateProcessingChain(null));
    core.getSolrConfig().getPluginInfos(UpdateRequestProcessorChain.class.getName()).stream()
        .filter(info -> info.name != null)
        .map(info -> core.getUpdateProcessingChain(info.name))
        .forEach(chains::add);
    return chains.stream().map(chain -> new UpdateChain(chain.getProcessors())).toList();
  }

  /** Whether the consistency processor stands where it sees whole documents. */
  boolean checksConsistency() {
    boolean distributed = false;
    for (UpdateRequestProcessorFactory processor : processors) {
      distributed |= processor instanceof DistributedUpdateProcessorFactory;
      if (distributed && processor instanceof Llm2VecGuardUpdateProcessorFactory) {
        return true;
      }
    }
    return false;
  }

  /** Whether a tolerant processor stands in front of another one. */
  boolean isTolerantBefore(UpdateRequestProcessorFactory mine) {
    for (UpdateRequestProcessorFactory processor : processors) {
      if (processor == mine) {
        return false;
      }
      if (processor instanceof TolerantUpdateProcessorFactory) {
        return true;
      }
    }
    return false;
  }

  /** The processors that encode. */
  List<Llm2VecUpdateProcessorFactory> encoding() {
    return processors.stream()
        .filter(Llm2VecUpdateProcessorFactory.class::isInstance)
        .map(Llm2VecUpdateProcessorFactory.class::cast)
        .toList();
  }
}
