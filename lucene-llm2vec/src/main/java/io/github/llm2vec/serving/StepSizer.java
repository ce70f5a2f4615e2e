/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Role;
import java.time.Duration;

/**
 * Turns the time that a step may take into what it may hold, by what steps have cost so far, and
 * says how much work may wait.
 *
 * <p>Thread-safe.
 */
final class StepSizer {

  /** After so many full steps that went well, a lack of memory may be over. */
  private static final int STEPS_TO_RECOVER = 256;

  private static final double RECOVERY = 1.25;

  /** A step of at least this part of the limit has shown that the limit fits in memory. */
  private static final double FULL = 0.9;

  /** Query lane in ridges that is open however slow the device, so that a batch can form. */
  private static final int LEAST_QUERY_RIDGES = 8;

  /** How many times less the fixed cost may weigh while nobody searches. */
  private static final int QUIET = 4;

  private static final double SMOOTHING = 0.05;

  private final ServingOptions options;
  private final BatchLayout layout;
  private final int mostTokens;
  private final CostModel costModel = new CostModel();

  // Guarded by this.
  private int maxTokens;
  private int fullSteps;
  private double squaresPerToken;
  private boolean sawQuery;
  private long lastQueryNanos;

  StepSizer(ServingOptions options, BatchLayout layout, int modelMaxTokens) {
    this.options = options;
    this.layout = layout;
    this.mostTokens = Math.min(options.maxBatchTokens(), modelMaxTokens);
    this.maxTokens = mostTokens;
  }

  /** Notes that somebody searches. */
  synchronized void sawQuery(long nowNanos) {
    sawQuery = true;
    lastQueryNanos = nowNanos;
  }

  /** Learns from a step that went well. */
  synchronized void ran(BatchShape shape, double millis) {
    long positions = layout.positions(shape);
    long squares = layout.squares(shape);
    costModel.observe(positions, squares, millis);
    double ratio = (double) squares / positions;
    squaresPerToken += (squaresPerToken == 0 ? 1 : SMOOTHING) * (ratio - squaresPerToken);
    if (maxTokens < mostTokens && positions >= FULL * maxTokens) {
      fullSteps++;
      if (fullSteps >= STEPS_TO_RECOVER) {
        fullSteps = 0;
        maxTokens = (int) Math.min(mostTokens, Math.ceil(RECOVERY * maxTokens));
      }
    }
  }

  /** Halves the limit after a step for which memory did not suffice. */
  synchronized void outOfMemory(BatchShape shape) {
    fullSteps = 0;
    maxTokens = (int) Math.max(1, Math.min(maxTokens, layout.positions(shape) / 2));
  }

  /**
   * What the next step may hold.
   *
   * @param queryTokens waiting in the lane of queries
   */
  synchronized BatchBudget budget(long queryTokens, long nowNanos) {
    StepCost cost = costModel.cost();
    int ridge = Math.min(options.ridgeTokens(), maxTokens);
    StepBudget queries;
    StepBudget topUp;
    StepBudget documents;
    if (cost.isUnknown()) {
      queries = new StepBudget(ridge, ridge, 0);
      topUp = StepBudget.NONE;
      documents = queries;
    } else {
      queries = new StepBudget(maxTokens, ridge, queryStepMillis(cost, queryTokens, nowNanos));
      topUp = new StepBudget(ridge, 0, stepMillis(Role.QUERY, nowNanos));
      documents = new StepBudget(maxTokens, 0, stepMillis(Role.DOCUMENT, nowNanos));
    }
    return new BatchBudget(queries, topUp, documents, cost, layout, options.maxBatchTexts());
  }

  /** How many tokens of waiting documents the policy looks at. */
  synchronized long windowTokens(long nowNanos) {
    // First come, first served takes batches of the full size, whatever they cost.
    long step =
        options.scheduling() == Scheduling.FIFO ? maxTokens : stepTokens(Role.DOCUMENT, nowNanos);
    return options.lookAheadBatches() * step;
  }

  /** Most tokens that may wait in a lane. */
  synchronized long backlogTokens(Role lane, long nowNanos) {
    Duration backlog = lane == Role.QUERY ? options.queryBacklog() : options.documentBacklog();
    long step = stepTokens(lane, nowNanos);
    double steps = Nanos.toMillis(Nanos.of(backlog)) / stepMillis(lane, nowNanos);
    long known = costModel.cost().isUnknown() ? 0 : (long) (steps * step);
    long least =
        lane == Role.QUERY
            ? (long) LEAST_QUERY_RIDGES * options.ridgeTokens()
            : options.lookAheadBatches() * Math.max(step, options.ridgeTokens());
    return Math.max(least, known);
  }

  /** Estimated milliseconds of so many tokens of usual length in one lane's steps. */
  synchronized double drainMillis(Role lane, long tokens, long nowNanos) {
    StepCost cost = costModel.cost();
    double steps = Math.ceil((double) tokens / stepTokens(lane, nowNanos));
    return tokens * millisPerToken(cost) + steps * cost.fixedMillis();
  }

  /**
   * Time that a step of queries may take. Many that wait are answered sooner, on the whole, in few
   * large steps; none is longer than one of documents, for which a query waits in any case.
   */
  private double queryStepMillis(StepCost cost, long queryTokens, long nowNanos) {
    double half = queryTokens * millisPerToken(cost) / 2;
    double most = Nanos.toMillis(Nanos.of(options.documentStep()));
    return Math.max(stepMillis(Role.QUERY, nowNanos), Math.min(half, most));
  }

  /** Time a step of a lane may take: never so little that the fixed cost is most of it. */
  private double stepMillis(Role lane, long nowNanos) {
    double fixed = costModel.cost().fixedMillis() / options.fixedCostShare();
    if (lane == Role.QUERY) {
      return Math.max(Nanos.toMillis(Nanos.of(options.queryStep())), fixed);
    }
    boolean quiet = !sawQuery || nowNanos - lastQueryNanos > Nanos.of(options.quietAfter());
    return quiet
        ? Math.max(Nanos.toMillis(Nanos.of(options.quietDocumentStep())), QUIET * fixed)
        : Math.max(Nanos.toMillis(Nanos.of(options.documentStep())), fixed);
  }

  /** Tokens of usual length that fill a lane's step, at least one. */
  private long stepTokens(Role lane, long nowNanos) {
    StepCost cost = costModel.cost();
    if (cost.isUnknown()) {
      return Math.min(options.ridgeTokens(), maxTokens);
    }
    double room = stepMillis(lane, nowNanos) - cost.fixedMillis();
    long tokens = (long) Math.min(maxTokens, room / millisPerToken(cost));
    int free = lane == Role.QUERY ? Math.min(options.ridgeTokens(), maxTokens) : 1;
    return Math.max(free, tokens);
  }

  private double millisPerToken(StepCost cost) {
    return Math.max(1e-9, cost.millisPerToken() + cost.millisPerSquare() * squaresPerToken);
  }

  /** How steps are sized at the moment. */
  synchronized ServingFigures.Sizing figures(long nowNanos) {
    return new ServingFigures.Sizing(
        costModel.cost(),
        maxTokens,
        stepMillis(Role.QUERY, nowNanos),
        stepMillis(Role.DOCUMENT, nowNanos));
  }
}
