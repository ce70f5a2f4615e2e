/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.codahale.metrics.Snapshot;
import com.codahale.metrics.UniformReservoir;
import io.github.llm2vec.serving.metrics.Histogram;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A histogram that is kept elsewhere, as Dropwizard reads histograms. Takes no values itself. */
final class FixedHistogram extends com.codahale.metrics.Histogram {

  private static final Histogram EMPTY = new Histogram(List.of(), 0, 0, 0);

  private final Supplier<Optional<Histogram>> source;

  /** A view of what the source gives at the time of asking. */
  FixedHistogram(Supplier<Optional<Histogram>> source) {
    super(new UniformReservoir(1));
    this.source = source;
  }

  private Histogram now() {
    return source.get().orElse(EMPTY);
  }

  @Override
  public long getCount() {
    return now().count();
  }

  @Override
  public Snapshot getSnapshot() {
    return new View(now());
  }

  private static final class View extends Snapshot {
    private final Histogram values;

    private View(Histogram values) {
      this.values = values;
    }

    @Override
    public double getValue(double quantile) {
      return values.quantile(quantile);
    }

    /** One value for each bucket, as far as Dropwizard has room for them: whole numbers. */
    @Override
    public long[] getValues() {
      return values.buckets().stream().mapToLong(bucket -> Math.round(bucket.upTo())).toArray();
    }

    @Override
    public int size() {
      return (int) Math.min(Integer.MAX_VALUE, values.count());
    }

    @Override
    public long getMax() {
      return Math.round(values.max());
    }

    @Override
    public double getMean() {
      return values.mean();
    }

    @Override
    public long getMin() {
      return values.buckets().isEmpty() ? 0 : Math.round(values.buckets().get(0).above());
    }

    /** From the middles of the buckets. */
    @Override
    public double getStdDev() {
      double squares = 0;
      for (Histogram.Bucket bucket : values.buckets()) {
        double middle = (bucket.above() + Math.min(bucket.upTo(), values.max())) / 2;
        squares += bucket.count() * (middle - values.mean()) * (middle - values.mean());
      }
      return values.count() < 2 ? 0 : Math.sqrt(squares / (values.count() - 1));
    }

    @Override
    public void dump(OutputStream output) {
      PrintWriter out = new PrintWriter(output, true, StandardCharsets.UTF_8);
      for (long value : getValues()) {
        out.println(value);
      }
      out.flush();
    }
  }
}
