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
 * searches; {@code docs/serving.md} says what to change when. Made by {@link #builder()}.
 *
 * @param scheduling see {@link Builder#scheduling}
 * @param queryStep see {@link Builder#queryStep}
 * @param documentStep see {@link Builder#documentStep}
 * @param quietDocumentStep see {@link Builder#quietDocumentStep}
 * @param quietAfter see {@link Builder#quietAfter}
 * @param fixedCostShare see {@link Builder#fixedCostShare}
 * @param ridgeTokens see {@link Builder#ridgeTokens}
 * @param maxBatchTokens see {@link Builder#maxBatchTokens}
 * @param maxBatchTexts see {@link Builder#maxBatchTexts}
 * @param lookAheadBatches see {@link Builder#lookAheadBatches}
 * @param wasteLimit see {@link Builder#wasteLimit}
 * @param maxDocumentAge see {@link Builder#maxDocumentAge}
 * @param queryStepsBetween see {@link Builder#queryStepsBetween}
 * @param maxQueryAge see {@link Builder#maxQueryAge}
 * @param queryBacklog see {@link Builder#queryBacklog}
 * @param documentBacklog see {@link Builder#documentBacklog}
 * @param documentBacklogBytes see {@link Builder#documentBacklogBytes}
 * @param shutdownPatience see {@link Builder#shutdownPatience}
 */
public record ServingOptions(
    Scheduling scheduling,
    Duration queryStep,
    Duration documentStep,
    Duration quietDocumentStep,
    Duration quietAfter,
    double fixedCostShare,
    int ridgeTokens,
    int maxBatchTokens,
    int maxBatchTexts,
    int lookAheadBatches,
    double wasteLimit,
    Duration maxDocumentAge,
    int queryStepsBetween,
    Duration maxQueryAge,
    Duration queryBacklog,
    Duration documentBacklog,
    long documentBacklogBytes,
    Duration shutdownPatience) {

  /**
   * Rejects what no service could go by.
   *
   * @throws IllegalArgumentException if there is such a thing; the message names it
   */
  public ServingOptions {
    Objects.requireNonNull(scheduling, "scheduling");
    positive("queryStep", queryStep);
    positive("documentStep", documentStep);
    positive("quietDocumentStep", quietDocumentStep);
    notNegative("quietAfter", quietAfter);
    part("fixedCostShare", fixedCostShare);
    if (fixedCostShare == 0) {
      throw new IllegalArgumentException("fixedCostShare must be above 0, got 0");
    }
    atLeastOne("ridgeTokens", ridgeTokens);
    atLeastOne("maxBatchTokens", maxBatchTokens);
    atLeastOne("maxBatchTexts", maxBatchTexts);
    atLeastOne("lookAheadBatches", lookAheadBatches);
    part("wasteLimit", wasteLimit);
    notNegative("maxDocumentAge", maxDocumentAge);
    atLeastOne("queryStepsBetween", queryStepsBetween);
    notNegative("maxQueryAge", maxQueryAge);
    positive("queryBacklog", queryBacklog);
    positive("documentBacklog", documentBacklog);
    atLeastOne("documentBacklogBytes", documentBacklogBytes);
    notNegative("shutdownPatience", shutdownPatience);
  }

  private static void atLeastOne(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be >= 1, got " + value);
    }
  }

  private static void part(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be between 0 and 1, got " + value);
    }
  }

  private static void positive(String name, Duration value) {
    notNegative(name, value);
    if (value.isZero()) {
      throw new IllegalArgumentException(name + " must be above 0, got " + value);
    }
  }

  private static void notNegative(String name, Duration value) {
    Objects.requireNonNull(value, name);
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, got " + value);
    }
  }

  /** The defaults, which stand at the methods of {@link Builder}. */
  public static ServingOptions defaults() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The policy that these options describe. */
  BatchPolicy policy() {
    return switch (scheduling) {
      case FIFO -> new FifoPolicy();
      case TWO_LANE ->
          new PriorityBatchPolicy(
              Nanos.of(maxDocumentAge), queryStepsBetween, Nanos.of(maxQueryAge), wasteLimit);
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

    /** In which order waiting texts are encoded; {@link Scheduling#TWO_LANE}. */
    public Builder scheduling(Scheduling value) {
      scheduling = value;
      return this;
    }

    /** How long a step of queries may take; 15 ms. */
    public Builder queryStep(Duration value) {
      queryStep = value;
      return this;
    }

    /** How long a step of documents may take, and so a query wait; 100 ms. */
    public Builder documentStep(Duration value) {
      documentStep = value;
      return this;
    }

    /** How long a step of documents may take while nobody searches; 400 ms. */
    public Builder quietDocumentStep(Duration value) {
      quietDocumentStep = value;
      return this;
    }

    /** How long after the last query nobody is said to search; 10 s. */
    public Builder quietAfter(Duration value) {
      quietAfter = value;
      return this;
    }

    /**
     * Most part of a step that may go into what every step costs, however small; a step is
     * lengthened until it keeps that. 0.2, and a quarter of it while nobody searches.
     */
    public Builder fixedCostShare(double value) {
      fixedCostShare = value;
      return this;
    }

    /** Tokens below which a step mostly pays for reading the weights; 256. */
    public Builder ridgeTokens(int value) {
      ridgeTokens = value;
      return this;
    }

    /** Most tokens of a step; 32768, and never more than the model's own limit. */
    public Builder maxBatchTokens(int value) {
      maxBatchTokens = value;
      return this;
    }

    /** Most texts of a step; 1024. */
    public Builder maxBatchTexts(int value) {
      maxBatchTexts = value;
      return this;
    }

    /** Among how many steps' worth of documents those of similar length are sought; 8. */
    public Builder lookAheadBatches(int value) {
      lookAheadBatches = value;
      return this;
    }

    /** Most padding in a step of documents, if rows are padded throughout; 0.15. */
    public Builder wasteLimit(double value) {
      wasteLimit = value;
      return this;
    }

    /** Age at which documents get steps although queries wait; 2 s. */
    public Builder maxDocumentAge(Duration value) {
      maxDocumentAge = value;
      return this;
    }

    /** Steps of queries between two steps that such documents get; 3. */
    public Builder queryStepsBetween(int value) {
      queryStepsBetween = value;
      return this;
    }

    /** Time after arrival at which a query without a nearer deadline counts as due; 1 s. */
    public Builder maxQueryAge(Duration value) {
      maxQueryAge = value;
      return this;
    }

    /** Work that may wait in the lane of queries before further ones are refused; 1 s. */
    public Builder queryBacklog(Duration value) {
      queryBacklog = value;
      return this;
    }

    /** Work that may wait in the lane of documents before callers are blocked; 30 s. */
    public Builder documentBacklog(Duration value) {
      documentBacklog = value;
      return this;
    }

    /** Memory that waiting documents may take before callers are blocked; 256 MiB. */
    public Builder documentBacklogBytes(long value) {
      documentBacklogBytes = value;
      return this;
    }

    /** How long closing waits for the step that runs; 30 s. */
    public Builder shutdownPatience(Duration value) {
      shutdownPatience = value;
      return this;
    }

    /** The options collected so far. */
    public ServingOptions build() {
      return new ServingOptions(
          scheduling,
          queryStep,
          documentStep,
          quietDocumentStep,
          quietAfter,
          fixedCostShare,
          ridgeTokens,
          maxBatchTokens,
          maxBatchTexts,
          lookAheadBatches,
          wasteLimit,
          maxDocumentAge,
          queryStepsBetween,
          maxQueryAge,
          queryBacklog,
          documentBacklog,
          documentBacklogBytes,
          shutdownPatience);
    }
  }
}
