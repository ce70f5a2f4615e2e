/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.solr.errors.SolrErrors;
import org.apache.lucene.util.Version;
import org.apache.solr.common.SolrException;

/**
 * Checks that the plugin runs in the Solr it was built for and was loaded once, by the class loader
 * of the node. From a core's {@code lib} folder or from a package every core, and every reload of a
 * core, would get its own copy of these classes: models could not be shared and the native library,
 * which a JVM takes from one class loader only, would fail on the second load.
 */
final class ClassLoaderCheck {

  private ClassLoaderCheck() {}

  /**
   * Accepts classes of the node's loader and of its parents.
   *
   * @param plugin the loader of the plugin's classes
   * @param node the node's loader
   * @throws SolrException if the classes come from elsewhere
   */
  static void check(ClassLoader plugin, ClassLoader node) {
    for (ClassLoader loader = node; loader != null; loader = loader.getParent()) {
      if (loader == plugin) {
        return;
      }
    }
    throw SolrErrors.serverError(
        "The LLM2Vec jars are loaded for one core or package only (by "
            + plugin
            + "). Native libraries and models need one place per node: move the jars to"
            + " SOLR_HOME/lib, or to a folder that sharedLib in solr.xml names, take them out of"
            + " the core's lib folder and restart Solr.");
  }

  /**
   * Accepts the release of Solr that the plugin was built for. Another one lacks methods or
   * classes, which would show as a linkage error at some later request.
   *
   * @param running Lucene of the Solr that runs
   * @throws SolrException if it is not that of the build
   */
  static void checkRelease(Version running) {
    if (running.major != SolrRelease.LUCENE.major || running.minor != SolrRelease.LUCENE.minor) {
      throw SolrErrors.serverError(
          "These LLM2Vec jars are for Solr %s with Lucene %s.%s, but this Solr has Lucene %s:"
                  .formatted(
                      SolrRelease.SOLR, SolrRelease.LUCENE.major, SolrRelease.LUCENE.minor, running)
              + " unpack the zip for this release instead, or build one for it");
    }
  }
}
