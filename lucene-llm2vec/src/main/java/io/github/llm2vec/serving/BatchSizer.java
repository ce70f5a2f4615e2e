/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.serving.batching.BatchBudget;
import io.github.llm2vec.serving.batching.BatchBudget.StepBudget;
import io.github.llm2vec.serving.batching.BatchShape;
import io.github.llm2vec.serving.batching.CostModel;
import io.github.llm2vec.serving.batching.Nanos;
import io.github.llm2vec.serving.batching.StepCost;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.time.Duration;

/**
 * Sizes the batches and backlogs of one device: turns the time that they may take into tokens, by
 * what its earlier batches cost.
 *
 * <p>Thread-safe.
 */
final class BatchSizer {

  /** After so many full steps that went well, a lack of memory may be over. */
  private static final int STEPS_TO_RECOVER = 256;

  private static final double RECOVERY = 1.25;

  /** A step of at least this part of the limit has shown that the limit fits in memory. */
  private static final double FULL = 0.9;

  /** Query lane in ridges while it is not known what steps cost. */
  private static final int UNKNOWN_QUERY_RIDGES = 8;

  /** How many times less the fixed cost may weigh while nobody searches. */
  private static final int QUIET = 4;

  private static final double SMOOTHING = 0.05;

  /** Weight of a step in the pace after one more; the last twenty or so count. */
  private static final double PACE_FORGETTING = 0.95;

  /** One step counts for at most so many times its estimate in the pace. */
  private static final double MOST_LATE = 8;

  private final ServingOptions options;
  private final BatchLayout layout;
  private final int mostTokens;
  private final CostModel costModel = new CostModel();

  // Guarded by this.
  private int maxTokens;
  private int fullSteps;
  private double squaresPerToken;
  private double takenMillis;
  private double estimatedMillis;
  private double lastPace;
  private double paceBefore;
  private boolean sawQuery;
  private long lastQueryNanos;

  BatchSizer(ServingOptions options, BatchLayout layout, int modelMaxTokens) {
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
    long positions = shape.positions(layout);
    long squares = shape.attentionPairs(layout);
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

  /**
   * Compares a step with its estimate. The estimate is that of a usual step; waits are made of all
   * of them, on a busy machine of some that take far longer.
   */
  synchronized void paced(double estimate, double taken) {
    if (estimate > 0) {
      takenMillis = PACE_FORGETTING * takenMillis + Math.min(taken, MOST_LATE * estimate);
      estimatedMillis = PACE_FORGETTING * estimatedMillis + estimate;
      paceBefore = lastPace;
      lastPace = Math.min(taken / estimate, MOST_LATE);
    }
  }

  /**
   * How many times its estimate a step that still runs has taken, at least 1. Of steps as short as
   * those of queries this would be noise.
   */
  double slowness(double estimate, double elapsed) {
    double step = Math.max(estimate, Nanos.toMillis(Nanos.of(options.queryStep())));
    return Math.max(1, elapsed / step);
  }

  /**
   * How long a step of so many estimated milliseconds takes if it goes as the steps of late did, or
   * as both of the last two did if they were slower: a machine that has just become busy stays so
   * for a while, and one slow step is none.
   */
  synchronized double pacedMillis(double estimate) {
    return Math.max(pace(), Math.min(lastPace, paceBefore)) * estimate;
  }

  /** How many times their estimate steps of late took together, at least 1. */
  private double pace() {
    return estimatedMillis == 0 ? 1 : Math.max(1, takenMillis / estimatedMillis);
  }

  /** Halves the limit after a step for which memory did not suffice. */
  synchronized void outOfMemory(BatchShape shape) {
    fullSteps = 0;
    maxTokens = (int) Math.max(1, Math.min(maxTokens, shape.positions(layout) / 2));
  }

  /**
   * What the next step may hold.
   *
   * @param queryTokens waiting in the lane of queries for this device
   */
  synchronized BatchBudget budget(long queryTokens, long nowNanos) {
    return budget(queryTokens, Long.MAX_VALUE, nowNanos);
  }

  /**
   * What the next step may hold.
   *
   * @param queryTokens this device's share of what waits in the lane of queries
   * @param documentTokens this device's share of what waits in the lane of documents: a step takes
   *     no more, unless it would be one that mostly pays the fixed cost
   */
  synchronized BatchBudget budget(long queryTokens, long documentTokens, long nowNanos) {
    StepCost cost = costModel.cost();
    int ridge = ridgeTokens(cost);
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
      documents =
          new StepBudget(
              (int) Math.min(maxTokens, Math.max((double) documentTokens, worthwhileTokens(cost))),
              0,
              stepMillis(Role.DOCUMENT, nowNanos));
    }
    return new BatchBudget(queries, topUp, documents, cost, layout, options.maxBatchTexts());
  }

  /** Tokens of a step of which the fixed cost takes no more than it may. */
  private double worthwhileTokens(StepCost cost) {
    double millis = cost.fixedMillis() / options.fixedCostShare();
    return Math.max(options.ridgeTokens(), roomTokens(cost, millis));
  }

  /** How many tokens of waiting documents the policy looks at. */
  synchronized long windowTokens(long nowNanos) {
    // First come, first served takes batches of the full size, whatever they cost.
    long step =
        options.scheduling() == Scheduling.FIFO ? maxTokens : stepTokens(Role.DOCUMENT, nowNanos);
    return options.lookAheadBatches() * step;
  }

  /** Most tokens that may wait in a lane: what the device is expected to run in the lane's time. */
  synchronized long backlogTokens(Role lane, long nowNanos) {
    StepCost cost = costModel.cost();
    if (cost.isUnknown()) {
      return lane == Role.QUERY
          ? (long) UNKNOWN_QUERY_RIDGES * options.ridgeTokens()
          : leastDocuments(nowNanos);
    }
    Duration backlog = lane == Role.QUERY ? options.queryBacklog() : options.documentBacklog();
    long step = stepTokens(lane, nowNanos);
    double stepMillis = cost.fixedMillis() + step * millisPerToken(cost);
    long tokens = (long) (step * Nanos.toMillis(Nanos.of(backlog)) / (stepMillis * pace()));
    return lane == Role.QUERY ? tokens : Math.max(leastDocuments(nowNanos), tokens);
  }

  private long leastDocuments(long nowNanos) {
    long step = Math.max(stepTokens(Role.DOCUMENT, nowNanos), options.ridgeTokens());
    return options.lookAheadBatches() * step;
  }

  /**
   * What the next steps of a lane are expected to be.
   *
   * @param tokens of usual length that fill one, at least 1
   * @param fixedMillis what each takes however small it is
   * @param millisPerToken what each of its tokens takes
   */
  record Steps(long tokens, double fixedMillis, double millisPerToken) {

    /** Milliseconds of a step of so many tokens. */
    double millis(long of) {
      return fixedMillis + of * millisPerToken;
    }
  }

  /** What the next steps of a lane are expected to be, at the pace of late. */
  synchronized Steps steps(Role lane, long nowNanos) {
    StepCost cost = costModel.cost();
    return new Steps(
        stepTokens(lane, nowNanos), pace() * cost.fixedMillis(), pace() * millisPerToken(cost));
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

  /**
   * Time a step of a lane may take: never so little that the fixed cost is most of it, unless a
   * query that comes meanwhile would wait too long for its end.
   */
  private double stepMillis(Role lane, long nowNanos) {
    double fixed = costModel.cost().fixedMillis() / options.fixedCostShare();
    if (lane == Role.QUERY) {
      return longerFor(Math.min(fixed, longestStep()), options.queryStep());
    }
    boolean quiet = !sawQuery || nowNanos - lastQueryNanos > Nanos.of(options.quietAfter());
    return quiet
        ? longerFor(Math.min(QUIET * fixed, 2 * longestStep()), options.quietDocumentStep())
        : longerFor(Math.min(fixed, longestStep()), options.documentStep());
  }

  private static double longerFor(double needed, Duration wanted) {
    return Math.max(Nanos.toMillis(Nanos.of(wanted)), needed);
  }

  /** Half of what a query may wait for the others: it waits for the step that runs beside them. */
  private double longestStep() {
    return Nanos.toMillis(Nanos.of(options.queryBacklog())) / 2;
  }

  /** Positions that fill a step of queries however little time it is to take. */
  private int ridgeTokens(StepCost cost) {
    int ridge = Math.min(options.ridgeTokens(), maxTokens);
    return cost.isUnknown()
        ? ridge
        : (int) Math.max(1, Math.min(ridge, roomTokens(cost, longestStep())));
  }

  private double roomTokens(StepCost cost, double millis) {
    return (millis - cost.fixedMillis()) / millisPerToken(cost);
  }

  /** Tokens of usual length that fill a lane's step, at least one. */
  private long stepTokens(Role lane, long nowNanos) {
    StepCost cost = costModel.cost();
    if (cost.isUnknown()) {
      return Math.min(options.ridgeTokens(), maxTokens);
    }
    long tokens = (long) Math.min(maxTokens, roomTokens(cost, stepMillis(lane, nowNanos)));
    return Math.max(lane == Role.QUERY ? ridgeTokens(cost) : 1, tokens);
  }

  private double millisPerToken(StepCost cost) {
    return Math.max(1e-9, cost.millisPerToken() + cost.millisPerSquare() * squaresPerToken);
  }

  /** How steps are sized at the moment. */
  synchronized ServingMetrics.Sizing metrics(long nowNanos) {
    return new ServingMetrics.Sizing(
        costModel.cost(),
        maxTokens,
        stepMillis(Role.QUERY, nowNanos),
        stepMillis(Role.DOCUMENT, nowNanos));
  }
}
