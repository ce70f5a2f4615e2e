/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.trainer.config.OptimizerArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.Prefetcher;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.optim.LearningRateSchedule;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The training loop: for every update some batches forward and backward, their gradients limited
 * together, one step of AdamW. Counts batches, epochs and updates as transformers 4.44 does.
 *
 * <p>The random numbers of an update follow from the seed and its number, and batches from their
 * place, so that a run which goes on at a checkpoint makes the same updates as one that was never
 * interrupted.
 *
 * @param <B> what a batch is
 */
public final class TrainingLoop<B> {

  /** Batches that are read ahead. */
  static final int AHEAD = 2;

  /**
   * The parts of a run.
   *
   * @param trainee what is trained
   * @param objective what is minimised
   * @param batches what is trained on
   * @param plan how many updates there are
   * @param schedule their learning rates
   * @param arguments everything configured
   * @param milestones logs, evaluates and saves
   * @param listener told of every update
   * @param stop whether to end at the next safe place
   * @param nanoClock for rates
   */
  public record Parts<B>(
      TrainableModel trainee,
      Objective<B> objective,
      DataLoader<B> batches,
      StepPlan plan,
      LearningRateSchedule schedule,
      TrainingArguments arguments,
      TrainingCallbacks milestones,
      TrainerCallback listener,
      BooleanSupplier stop,
      LongSupplier nanoClock) {}

  private final Parts<B> parts;
  private final TrainerState state;
  private final long last;
  private final int accumulation;

  // Where the run is in its batches; ahead of the state while an update is collected.
  private long epoch;
  private long batchOfEpoch;
  private long batches;

  // The update that is collected.
  private final List<B> group = new ArrayList<>();
  private double loss;
  private long tokens;
  private long started;

  /**
   * @param state where to begin; the trainee has the tensors that belong to it
   */
  public TrainingLoop(Parts<B> parts, TrainerState state) {
    this.parts = parts;
    this.state = state;
    this.last = parts.arguments().schedule().lastUpdate(parts.plan());
    this.accumulation = parts.plan().accumulation();
    this.epoch = state.position().epoch();
    this.batchOfEpoch = state.position().batch();
    this.batches = state.position().batches();
  }

  /**
   * Trains until the last update, or until asked to stop.
   *
   * @return whether the last update was made
   */
  public boolean run() throws IOException {
    parts.milestones().started(state);
    started = parts.nanoClock().getAsLong();
    while (goesOn()) {
      epoch();
    }
    boolean complete = state.step() >= last;
    parts.milestones().ended(state, complete);
    return complete;
  }

  private boolean goesOn() {
    return state.step() < last && !parts.stop().getAsBoolean();
  }

  private void epoch() throws IOException {
    long before = batches;
    boolean whole = batchOfEpoch == 0;
    try (RecordStream<B> stream =
        new Prefetcher<>(
            parts.batches().epoch(epoch, batchOfEpoch), AHEAD, "llm2vec-training-data")) {
      while (goesOn()) {
        Optional<B> batch = stream.next();
        if (batch.isEmpty()) {
          requireProgress(whole && batches == before);
          parts.milestones().epochEnded(state, epoch);
          epoch++;
          batchOfEpoch = 0;
          return;
        }
        batchOfEpoch++;
        add(batch.get());
        if (!group.isEmpty() && parts.plan().updatesAfter(batches, batchOfEpoch)) {
          update();
          parts.milestones().updated(state);
          // What logging, evaluating and saving take is not the next update's time.
          started = parts.nanoClock().getAsLong();
        }
      }
    }
  }

  /** Forward and backward. A batch without anything to predict would make the loss 0/0. */
  private void add(B batch) throws IOException {
    if (parts.objective().isEmpty(batch)) {
      state.skippedBatch();
      return;
    }
    if (group.isEmpty()) {
      parts.trainee().seed(seedOf(state.step()));
    }
    group.add(batch);
    batches++;
    double found = parts.objective().addGradient(batch, 1.0 / accumulation);
    requireNumber("loss", found);
    loss += found / accumulation;
    tokens += parts.objective().tokens(batch);
  }

  private void update() throws IOException {
    double maxNorm = parts.arguments().optimizer().maxGradNorm();
    double norm =
        maxNorm > 0 ? parts.trainee().clipGradients(maxNorm) : parts.trainee().gradientNorm();
    requireNumber("gradient", norm);
    double rate = parts.schedule().rate(state.step());
    parts.trainee().update(adamW(rate, parts.schedule().factor(state.step())), state.step() + 1);
    parts.trainee().zeroGradients();
    double seconds = (parts.nanoClock().getAsLong() - started) / 1e9;
    TrainingPosition after = new TrainingPosition(state.step() + 1, epoch, batchOfEpoch, batches);
    StepMetrics report = new StepMetrics(after.step(), loss, norm, rate, tokens, seconds);
    state.updated(after, report);
    parts.listener().updated(report);
    group.clear();
    loss = 0;
    tokens = 0;
  }

  private AdamW adamW(double rate, double factor) {
    OptimizerArguments optimizer = parts.arguments().optimizer();
    return new AdamW(
        rate,
        optimizer.embeddingLearningRate() * factor,
        optimizer.beta1(),
        optimizer.beta2(),
        optimizer.epsilon(),
        optimizer.weightDecay());
  }

  private long seedOf(long step) {
    return new SplittableRandom(parts.arguments().run().seed() + step * 0x9E3779B97F4A7C15L)
        .nextLong();
  }

  private void requireNumber(String what, double value) throws IOException {
    if (!Double.isFinite(value)) {
      throw FailedBatch.of(
          parts.milestones().folder(),
          "the " + what + " is " + value,
          state.position(),
          parts.objective(),
          group);
    }
  }

  private static void requireProgress(boolean nothing) throws TrainingException {
    if (nothing) {
      throw new TrainingException(
          "no batch of a whole epoch has anything to learn from; is there too little data for"
              + " per_device_train_batch_size, or is mlm_probability too small?");
    }
  }
}
