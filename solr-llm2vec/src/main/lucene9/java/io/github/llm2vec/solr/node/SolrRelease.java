/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import java.util.Collection;
import java.util.Locale;
import org.apache.lucene.util.Version;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrInfoBean;
import org.apache.solr.metrics.SolrMetricManager;
import org.apache.solr.metrics.SolrMetricsContext;

/** The few lines that differ between Solr's releases: here Solr 9, with Dropwizard metrics. */
final class SolrRelease {

  /** What this code is built for. */
  static final String SOLR = "9.10";

  /** Lucene of that Solr; other minor releases have other formats and methods. */
  static final Version LUCENE = Version.fromBits(9, 12, 0);

  /** Newest Java on which this release's Lucene uses the vector API without being told to. */
  static final int LAST_SIMD_JAVA = 23;

  private SolrRelease() {}

  /**
   * Puts the figures of models into the registry {@code solr.node} as gauges named {@code
   * LLM2VEC.MODEL.FIGURE}. Registering again replaces what is there.
   */
  static void register(
      CoreContainer container, EncoderRegistry registry, Collection<String> models) {
    SolrMetricsContext context =
        new SolrMetricsContext(
            container.getMetricManager(),
            SolrMetricManager.getRegistryName(SolrInfoBean.Group.node),
            "llm2vec");
    for (String model : models) {
      NodeFigures.all()
          .forEach(
              (name, figure) ->
                  context.gauge(
                      () -> registry.status(model).map(figure::applyAsDouble).orElse(0.0),
                      true,
                      name,
                      "LLM2VEC",
                      // Dots part the levels of a name.
                      model.replace('.', '_').toLowerCase(Locale.ROOT)));
    }
  }
}
