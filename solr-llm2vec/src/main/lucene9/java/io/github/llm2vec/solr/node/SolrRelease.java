/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Metric;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.apache.lucene.util.Version;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.apache.solr.core.SolrInfoBean.Category;
import org.apache.solr.core.SolrInfoBean.Group;
import org.apache.solr.metrics.SolrMetricManager;
import org.apache.solr.metrics.SolrMetricManager.ResolutionStrategy;
import org.apache.solr.metrics.SolrMetricsContext;

/**
 * The few lines that differ between Solr's releases: here Solr 9, with Dropwizard metrics.
 *
 * <p>{@code wt=prometheus} of Solr 9 writes metrics of the categories that it knows and passes all
 * others over. So counters stand in the registry of the node once more as those of a handler, and
 * gauges in those of the cores; under these names it writes both, as what they are.
 */
final class SolrRelease {

  /** What this code is built for. */
  static final String SOLR = "9.10";

  /** Lucene of that Solr; other minor releases have other formats and methods. */
  static final Version LUCENE = Version.fromBits(9, 12, 0);

  /** Newest Java on which this release's Lucene uses the vector API without being told to. */
  static final int LAST_SIMD_JAVA = 23;

  private static final String NODE = SolrMetricManager.getRegistryName(Group.node);
  private static final String SCOPE = "llm2vec";
  private static final String CATEGORY = "LLM2VEC";

  private SolrRelease() {}

  /** A counter that is kept elsewhere. */
  private static final class Count extends Counter {
    private final EncoderRegistry registry;
    private final String model;
    private final ToLongFunction<ModelStatus> count;

    private Count(EncoderRegistry registry, String model, ToLongFunction<ModelStatus> count) {
      this.registry = registry;
      this.model = model;
      this.count = count;
    }

    @Override
    public long getCount() {
      return registry.status(model).map(count::applyAsLong).orElse(0L);
    }
  }

  /**
   * Puts the metrics of models into the registry {@code solr.node} as counters, gauges and
   * histograms named {@code LLM2VEC.MODEL.FIGURE}, and the counters as {@code
   * ADMIN./llm2vec/MODEL.FIGURE}, too. Registering again replaces what is there.
   */
  static void register(
      CoreContainer container, EncoderRegistry registry, Collection<String> models) {
    SolrMetricsContext context = new SolrMetricsContext(container.getMetricManager(), NODE, SCOPE);
    for (String model : models) {
      ModelMetrics.counters()
          .forEach(
              (name, count) -> {
                Count counter = new Count(registry, model, count);
                put(context, counter, name, CATEGORY, level(model));
                put(context, counter, name, Category.ADMIN.name(), handler(model));
              });
      ModelMetrics.gauges()
          .forEach(
              (name, figure) ->
                  context.gauge(
                      () -> registry.status(model).map(figure::applyAsDouble).orElse(0.0),
                      true,
                      name,
                      CATEGORY,
                      level(model)));
      ModelMetrics.histograms()
          .forEach(
              (name, histogram) ->
                  put(
                      context,
                      new FixedHistogram(() -> registry.status(model).map(histogram)),
                      name,
                      CATEGORY,
                      level(model)));
    }
  }

  /** Puts the gauges of a model that a core holds into the core's registry. */
  static void register(SolrCore core, EncoderRegistry registry, String model) {
    ModelMetrics.gauges()
        .forEach(
            (name, figure) ->
                core.getSolrMetricsContext()
                    .gauge(
                        () -> registry.status(model).map(figure::applyAsDouble).orElse(0.0),
                        true,
                        name,
                        Category.ADMIN.name(),
                        handler(model)));
  }

  /**
   * Notes how long a call took that encoded for a core: a timer {@code
   * QUERY./llm2vec/encode.requestTimes} or {@code UPDATE./llm2vec/encode.requestTimes} in the
   * core's registry.
   */
  static void time(SolrCore core, Category category, long nanos) {
    Optional.ofNullable(core.getSolrMetricsContext())
        .ifPresent(
            context ->
                context
                    .timer("requestTimes", category.name(), handler("encode"))
                    .update(nanos, TimeUnit.NANOSECONDS));
  }

  private static void put(SolrMetricsContext context, Metric metric, String name, String... path) {
    context
        .getMetricManager()
        .registerMetric(context, NODE, metric, ResolutionStrategy.REPLACE, name, path);
  }

  private static String handler(String model) {
    return "/" + SCOPE + "/" + level(model);
  }

  /** Dots part the levels of a name, and JMX takes no colons, commas and the like. */
  private static String level(String model) {
    return model.replaceAll("[^\\w-]", "_").toLowerCase(Locale.ROOT);
  }
}
