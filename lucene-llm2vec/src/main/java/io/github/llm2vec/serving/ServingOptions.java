/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.BatchPolicy;
import io.github.llm2vec.serving.batching.FifoPolicy;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.batching.PriorityBatchPolicy;
import java.time.Duration;
import java.util.Objects;

/**
 * How an {@link EncoderService} shares its encoder. The defaults suit a GPU that also answers
 * searches; {@code docs/serving.md} says what to change when. Immutable; made by {@link
 * #builder()}.
 */
public final class ServingOptions {

  private final Builder values;

  private ServingOptions(Builder values) {
    this.values = new Builder(values);
  }

  /** The defaults, which stand at the methods of {@link Builder}. */
  public static ServingOptions defaults() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** These options, to be changed. */
  public Builder toBuilder() {
    return new Builder(values);
  }

  /** See {@link Builder#scheduling}. */
  public Scheduling scheduling() {
    return values.scheduling;
  }

  /** See {@link Builder#queryStep}. */
  public Duration queryStep() {
    return values.queryStep;
  }

  /** See {@link Builder#documentStep}. */
  public Duration documentStep() {
    return values.documentStep;
  }

  /** See {@link Builder#quietDocumentStep}. */
  public Duration quietDocumentStep() {
    return values.quietDocumentStep;
  }

  /** See {@link Builder#quietAfter}. */
  public Duration quietAfter() {
    return values.quietAfter;
  }

  /** See {@link Builder#fixedCostShare}. */
  public double fixedCostShare() {
    return values.fixedCostShare;
  }

  /** See {@link Builder#ridgeTokens}. */
  public int ridgeTokens() {
    return values.ridgeTokens;
  }

  /** See {@link Builder#maxBatchTokens}. */
  public int maxBatchTokens() {
    return values.maxBatchTokens;
  }

  /** See {@link Builder#maxBatchTexts}. */
  public int maxBatchTexts() {
    return values.maxBatchTexts;
  }

  /** See {@link Builder#lookAheadBatches}. */
  public int lookAheadBatches() {
    return values.lookAheadBatches;
  }

  /** See {@link Builder#wasteLimit}. */
  public double wasteLimit() {
    return values.wasteLimit;
  }

  /** See {@link Builder#maxDocumentAge}. */
  public Duration maxDocumentAge() {
    return values.maxDocumentAge;
  }

  /** See {@link Builder#queryStepsBetween}. */
  public int queryStepsBetween() {
    return values.queryStepsBetween;
  }

  /** See {@link Builder#maxQueryAge}. */
  public Duration maxQueryAge() {
    return values.maxQueryAge;
  }

  /** See {@link Builder#queryBacklog}. */
  public Duration queryBacklog() {
    return values.queryBacklog;
  }

  /** See {@link Builder#documentBacklog}. */
  public Duration documentBacklog() {
    return values.documentBacklog;
  }

  /** See {@link Builder#documentBacklogBytes}. */
  public long documentBacklogBytes() {
    return values.documentBacklogBytes;
  }

  /** See {@link Builder#shutdownPatience}. */
  public Duration shutdownPatience() {
    return values.shutdownPatience;
  }

  /** The policy that these options describe. */
  BatchPolicy policy() {
    return switch (values.scheduling) {
      case FIFO -> new FifoPolicy();
      case TWO_LANE ->
          new PriorityBatchPolicy(
              Nanos.of(values.maxDocumentAge),
              values.queryStepsBetween,
              Nanos.of(values.maxQueryAge),
              values.wasteLimit);
    };
  }

  /** Collects options. Every method returns the builder itself. */
  public static final class Builder {

    private Scheduling scheduling = Scheduling.TWO_LANE;
    private Duration queryStep = Duration.ofMillis(15);
    private Duration documentStep = Duration.ofMillis(100);
    private Duration quietDocumentStep = Duration.ofMillis(400);
    private Duration quietAfter = Duration.ofSeconds(10);
    private double fixedCostShare = 0.2;
    private int ridgeTokens = 256;
    private int maxBatchTokens = 32_768;
    private int maxBatchTexts = 1024;
    private int lookAheadBatches = 8;
    private double wasteLimit = 0.15;
    private Duration maxDocumentAge = Duration.ofSeconds(2);
    private int queryStepsBetween = 3;
    private Duration maxQueryAge = Duration.ofSeconds(1);
    private Duration queryBacklog = Duration.ofSeconds(1);
    private Duration documentBacklog = Duration.ofSeconds(30);
    private long documentBacklogBytes = 256L << 20;
    private Duration shutdownPatience = Duration.ofSeconds(30);

    private Builder() {}

    private Builder(Builder other) {
      scheduling = other.scheduling;
      queryStep = other.queryStep;
      documentStep = other.documentStep;
      quietDocumentStep = other.quietDocumentStep;
      quietAfter = other.quietAfter;
      fixedCostShare = other.fixedCostShare;
      ridgeTokens = other.ridgeTokens;
      maxBatchTokens = other.maxBatchTokens;
      maxBatchTexts = other.maxBatchTexts;
      lookAheadBatches = other.lookAheadBatches;
      wasteLimit = other.wasteLimit;
      maxDocumentAge = other.maxDocumentAge;
      queryStepsBetween = other.queryStepsBetween;
      maxQueryAge = other.maxQueryAge;
      queryBacklog = other.queryBacklog;
      documentBacklog = other.documentBacklog;
      documentBacklogBytes = other.documentBacklogBytes;
      shutdownPatience = other.shutdownPatience;
    }

    /** In which order waiting texts are encoded; {@link Scheduling#TWO_LANE}. */
    public Builder scheduling(Scheduling value) {
      scheduling = Objects.requireNonNull(value, "scheduling");
      return this;
    }

    /** How long a step of queries may take; 15 ms. */
    public Builder queryStep(Duration value) {
      queryStep = positive("queryStep", value);
      return this;
    }

    /** How long a step of documents may take, and so a query wait; 100 ms. */
    public Builder documentStep(Duration value) {
      documentStep = positive("documentStep", value);
      return this;
    }

    /** How long a step of documents may take while nobody searches; 400 ms. */
    public Builder quietDocumentStep(Duration value) {
      quietDocumentStep = positive("quietDocumentStep", value);
      return this;
    }

    /** How long after the last query nobody is said to search; 10 s. */
    public Builder quietAfter(Duration value) {
      quietAfter = notNegative("quietAfter", value);
      return this;
    }

    /**
     * Most part of a step that may go into what every step costs, however small; a step is
     * lengthened until it keeps that. 0.2, and a quarter of it while nobody searches.
     */
    public Builder fixedCostShare(double value) {
      fixedCostShare = part("fixedCostShare", value);
      if (value == 0) {
        throw new IllegalArgumentException("fixedCostShare must be above 0, got 0");
      }
      return this;
    }

    /** Tokens below which a step mostly pays for reading the weights; 256. */
    public Builder ridgeTokens(int value) {
      ridgeTokens = atLeastOne("ridgeTokens", value);
      return this;
    }

    /** Most tokens of a step; 32768, and never more than the model's own limit. */
    public Builder maxBatchTokens(int value) {
      maxBatchTokens = atLeastOne("maxBatchTokens", value);
      return this;
    }

    /** Most texts of a step; 1024. */
    public Builder maxBatchTexts(int value) {
      maxBatchTexts = atLeastOne("maxBatchTexts", value);
      return this;
    }

    /** Among how many steps' worth of documents those of similar length are sought; 8. */
    public Builder lookAheadBatches(int value) {
      lookAheadBatches = atLeastOne("lookAheadBatches", value);
      return this;
    }

    /** Most padding in a step of documents, if rows are padded throughout; 0.15. */
    public Builder wasteLimit(double value) {
      wasteLimit = part("wasteLimit", value);
      return this;
    }

    /** Age at which documents get steps although queries wait; 2 s. */
    public Builder maxDocumentAge(Duration value) {
      maxDocumentAge = notNegative("maxDocumentAge", value);
      return this;
    }

    /** Steps of queries between two steps that such documents get; 3. */
    public Builder queryStepsBetween(int value) {
      queryStepsBetween = atLeastOne("queryStepsBetween", value);
      return this;
    }

    /** Time after arrival at which a query without a nearer deadline counts as due; 1 s. */
    public Builder maxQueryAge(Duration value) {
      maxQueryAge = notNegative("maxQueryAge", value);
      return this;
    }

    /** Work that may wait in the lane of queries before further ones are refused; 1 s. */
    public Builder queryBacklog(Duration value) {
      queryBacklog = positive("queryBacklog", value);
      return this;
    }

    /** Work that may wait in the lane of documents before callers are blocked; 30 s. */
    public Builder documentBacklog(Duration value) {
      documentBacklog = positive("documentBacklog", value);
      return this;
    }

    /** Memory that waiting documents may take before callers are blocked; 256 MiB. */
    public Builder documentBacklogBytes(long value) {
      if (value < 1) {
        throw new IllegalArgumentException("documentBacklogBytes must be >= 1, got " + value);
      }
      documentBacklogBytes = value;
      return this;
    }

    /** How long closing waits for the step that runs; 30 s. */
    public Builder shutdownPatience(Duration value) {
      shutdownPatience = notNegative("shutdownPatience", value);
      return this;
    }

    /** The options collected so far. */
    public ServingOptions build() {
      return new ServingOptions(this);
    }

    private static int atLeastOne(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be >= 1, got " + value);
      }
      return value;
    }

    private static double part(String name, double value) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException(name + " must be between 0 and 1, got " + value);
      }
      return value;
    }

    private static Duration positive(String name, Duration value) {
      if (notNegative(name, value).isZero()) {
        throw new IllegalArgumentException(name + " must be above 0, got " + value);
      }
      return value;
    }

    private static Duration notNegative(String name, Duration value) {
      Objects.requireNonNull(value, name);
      if (value.isNegative()) {
        throw new IllegalArgumentException(name + " must not be negative, got " + value);
      }
      return value;
    }
  }
}
