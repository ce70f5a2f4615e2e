/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.util.Version;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.apache.solr.core.SolrInfoBean.Category;
import org.apache.solr.metrics.SolrMetricsContext;

/** The few lines that differ between Solr's releases: here Solr 10, with OpenTelemetry metrics. */
final class SolrRelease {

  /** What this code is built for. */
  static final String SOLR = "10.0";

  /** Lucene of that Solr; other minor releases have other formats and methods. */
  static final Version LUCENE = Version.fromBits(10, 3, 0);

  /** Newest Java on which this release's Lucene uses the vector API without being told to. */
  static final int LAST_SIMD_JAVA = 25;

  /** The registry of the node, as Solr 10 names it. */
  private static final String NODE = "solr.node";

  private static final String PREFIX = "solr_llm2vec_";
  private static final String DESCRIPTION = "LLM2Vec models: ";
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("model");
  private static final AttributeKey<String> CATEGORY = AttributeKey.stringKey("category");

  private SolrRelease() {}

  /**
   * Puts the metrics of models into the registry of the node as counters and gauges named {@code
   * solr_llm2vec_FIGURE} with the model as attribute.
   */
  static void register(
      CoreContainer container, EncoderRegistry registry, Collection<String> models) {
    SolrMetricsContext context = new SolrMetricsContext(container.getMetricManager(), NODE);
    ModelMetrics.counters()
        .forEach(
            (name, count) ->
                context.observableLongCounter(
                    PREFIX + snakeCase(name),
                    DESCRIPTION + name,
                    measurement -> {
                      for (String model : models) {
                        registry
                            .status(model)
                            .ifPresent(
                                status ->
                                    measurement.record(
                                        count.applyAsLong(status), Attributes.of(MODEL, model)));
                      }
                    }));
    ModelMetrics.gauges()
        .forEach(
            (name, figure) ->
                context.observableDoubleGauge(
                    PREFIX + snakeCase(name),
                    DESCRIPTION + name,
                    measurement -> {
                      for (String model : models) {
                        registry
                            .status(model)
                            .ifPresent(
                                status ->
                                    measurement.record(
                                        figure.applyAsDouble(status), Attributes.of(MODEL, model)));
                      }
                    }));
  }

  /** Nothing: Solr 10 writes all metrics of the node. */
  static void register(SolrCore core, EncoderRegistry registry, String model) {}

  /**
   * Notes how long a call took that encoded for a core: a histogram {@code
   * solr_llm2vec_encoding_time_milliseconds} in the core's registry.
   */
  static void time(SolrCore core, Category category, long nanos) {
    core.getSolrMetricsContext()
        .doubleHistogram(
            PREFIX + "encoding_time_milliseconds", "Calls that encoded for a core, by category")
        .record(
            (double) nanos / TimeUnit.MILLISECONDS.toNanos(1),
            core.getCoreAttributes().toBuilder().put(CATEGORY, category.name()).build());
  }

  private static String snakeCase(String name) {
    return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }
}
