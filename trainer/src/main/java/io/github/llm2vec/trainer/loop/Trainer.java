/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.torch.AdamW;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors;
import io.github.llm2vec.trainer.config.RunArguments.Report;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.Prefetcher;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.log.CurvesPage;
import io.github.llm2vec.trainer.log.EventFile;
import io.github.llm2vec.trainer.log.MetricRecord;
import io.github.llm2vec.trainer.log.MetricsFile;
import io.github.llm2vec.trainer.optim.LearningRateSchedule;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * The training loop, as {@code transformers.Trainer} has it: batches become gradients, gradients
 * updates; between updates {@link TrainingCallbacks} logs, evaluates and saves; at the end stand
 * the results and the model. Random numbers follow from the seed and the number of the update, and
 * batches from their place, so that a resumed run makes the same updates as one that was never
 * interrupted.
 *
 * @param <B> what a batch is
 */
public final class Trainer<B> {

  /**
   * A model as the training loop sees it: parameters whose gradients are accumulated by an {@link
   * Objective}, clipped, and applied by AdamW. Gradients add up until they are set to zero.
   */
  public interface TrainableModel extends TrainedTensors, AutoCloseable {

    /** Seeds the random numbers of dropout. */
    void seed(long seed);

    /** The Euclidean norm of all gradients together. */
    double gradientNorm();

    /**
     * Clips all gradients to a norm, as {@code torch.nn.utils.clip_grad_norm_} does.
     *
     * @return the norm before
     */
    double clipGradients(double maxNorm);

    /** Sets all gradients to zero. */
    void zeroGradients();

    /**
     * Updates every trained tensor by its gradient.
     *
     * @param update number of this update, from 1
     */
    void update(AdamW adam, long update);

    @Override
    void close();
  }

  /** Batches that are read ahead. */
  static final int AHEAD = 2;

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What one kind of training differs in from another.
   *
   * @param <B> what a batch is
   * @param model what is trained
   * @param objective what is minimised
   * @param training batches to train on
   * @param validation batches to evaluate on
   * @param further what else is evaluated
   * @param files how the model is saved
   * @param cost what a token costs
   */
  public record Task<B>(
      TrainableModel model,
      Objective<B> objective,
      Optional<DataLoader<B>> training,
      Optional<DataLoader<B>> validation,
      Optional<ModelEvaluation> further,
      ModelFiles files,
      TrainerCallback.Cost cost) {

    Optional<ModelEvaluation> evaluation() {
      List<ModelEvaluation> all = new ArrayList<>();
      validation.ifPresent(loader -> all.add(new Evaluator<>(objective, loader)));
      further.ifPresent(all::add);
      return ModelEvaluation.all(all);
    }
  }

  /**
   * How a run ended.
   *
   * @param folder what it wrote
   * @param complete whether the last update was made; otherwise it was asked to stop
   * @param state where it stands
   */
  public record Output(Path folder, boolean complete, TrainerState state) {}

  private final TrainingContext context;
  private final TrainingArguments arguments;
  private final Task<B> task;
  private final StepPlan plan;
  private final LearningRateSchedule schedule;
  private final long last;
  private final Checkpointer checkpointer;
  private final TrainerState state;
  private final List<TrainerCallback> callbacks;
  private final TrainingCallbacks between;

  // Where the run is in its batches; ahead of the state while an update is accumulated.
  private long epoch;
  private long batchOfEpoch;
  private long batches;

  // The update that is accumulated.
  private final List<B> group = new ArrayList<>();
  private double loss;
  private long tokens;
  private long started;

  /**
   * Plans a run, or reads the checkpoint that the context says it resumes from.
   *
   * @throws IOException if there is too little data, or the checkpoint is of other data
   */
  public Trainer(TrainingContext context, Task<B> task) throws IOException {
    this.context = context;
    this.arguments = context.arguments();
    this.task = task;
    this.plan = plan();
    this.schedule = arguments.schedule().schedule(plan, arguments.optimizer().learningRate());
    this.last = arguments.schedule().lastUpdate(plan);
    this.checkpointer = new Checkpointer(context, plan, task.model(), task.files());
    Optional<Path> resumed = context.output().resumed();
    this.state = resumed.isPresent() ? checkpointer.resume(resumed.get()) : new TrainerState();
    this.callbacks = callbacks(state.step());
    this.between =
        new TrainingCallbacks(
            arguments, plan, schedule, task.evaluation(), checkpointer, callbacks);
    this.epoch = state.position().epoch();
    this.batchOfEpoch = state.position().batch();
    this.batches = state.position().batches();
  }

  private StepPlan plan() throws IOException {
    int accumulation = arguments.batches().accumulation();
    OptionalLong perEpoch =
        task.training().isPresent() ? task.training().get().batchesPerEpoch() : OptionalLong.of(1);
    if (perEpoch.isPresent() && perEpoch.getAsLong() == 0) {
      throw new TrainingException(
          "the training data is not enough for one batch of per_device_train_batch_size "
              + arguments.batches().trainBatchSize());
    }
    return perEpoch.isPresent()
        ? arguments.schedule().plan(perEpoch.getAsLong(), accumulation)
        // Streamed data has no known end; reading the configuration made sure of max_steps.
        : StepPlan.ofUpdates(
            Long.MAX_VALUE, accumulation, arguments.schedule().maxSteps().orElseThrow());
  }

  /** The callbacks of the context, and those that write metrics. */
  private List<TrainerCallback> callbacks(long step) throws IOException {
    List<TrainerCallback> all = new ArrayList<>(context.callbacks());
    MetricsFile metrics = new MetricsFile(context.folder().resolve(OutputDir.METRICS), step);
    all.add(writing(metrics::write));
    if (arguments.run().reportTo().contains(Report.TENSORBOARD)) {
      Path runs = arguments.run().loggingDir().orElse(context.folder().resolve("runs"));
      all.add(writing(new EventFile(runs, step, Clock.systemUTC())::write));
    }
    return all;
  }

  private void note(String text) {
    callbacks.forEach(callback -> callback.note(text));
  }

  private interface MetricWriter {
    void write(MetricRecord metric) throws IOException;
  }

  private static TrainerCallback writing(MetricWriter writer) {
    return new TrainerCallback() {
      @Override
      public void logged(MetricRecord metric) throws IOException {
        writer.write(metric);
      }
    };
  }

  /** Trains until the last update, or until asked to stop; then evaluates and saves the result. */
  public Output train() throws IOException {
    boolean complete = !arguments.run().doTrain() || updates();
    if (complete) {
      finish();
    } else {
      note(
          "stopped after update %s; the same command with --resume_from_checkpoint true goes on"
              .formatted(state.step()));
    }
    return new Output(context.folder(), complete, state);
  }

  /** Makes updates; whether the last one was made. */
  private boolean updates() throws IOException {
    DataLoader<B> loader =
        task.training()
            .orElseThrow(
                () ->
                    new TrainingException(
                        "do_train is true, but there is no training data; name a train_file or a"
                            + " dataset with a training set"));
    TrainerCallback.Start start = new TrainerCallback.Start(state.step(), last, task.cost());
    callbacks.forEach(callback -> callback.started(start));
    between.started(state);
    started = System.nanoTime();
    while (goesOn()) {
      epoch(loader);
    }
    boolean complete = state.step() >= last;
    between.ended(state, complete);
    return complete;
  }

  private boolean goesOn() {
    return state.step() < last && !context.stopRequested();
  }

  private void epoch(DataLoader<B> loader) throws IOException {
    long before = batches;
    boolean whole = batchOfEpoch == 0;
    try (RecordStream<B> stream =
        new Prefetcher<>(loader.epoch(epoch, batchOfEpoch), AHEAD, "llm2vec-training-data")) {
      while (goesOn()) {
        Optional<B> batch = stream.next();
        if (batch.isEmpty()) {
          requireProgress(whole && batches == before);
          between.epochEnded(state, epoch);
          epoch++;
          batchOfEpoch = 0;
          return;
        }
        batchOfEpoch++;
        backward(batch.get());
        if (!group.isEmpty() && plan.updatesAfter(batches, batchOfEpoch)) {
          update();
          between.updated(state);
          // What logging, evaluating and saving take is not the next update's time.
          started = System.nanoTime();
        }
      }
    }
  }

  /** Forward and backward. A batch without anything to predict would make the loss 0/0. */
  private void backward(B batch) throws IOException {
    if (task.objective().isEmpty(batch)) {
      state.skippedBatch();
      return;
    }
    if (group.isEmpty()) {
      task.model().seed(seedOf(state.step()));
    }
    group.add(batch);
    batches++;
    double found = task.objective().addGradient(batch, 1.0 / plan.accumulation());
    requireNumber("loss", found);
    loss += found / plan.accumulation();
    tokens += task.objective().tokens(batch);
  }

  private void update() throws IOException {
    TrainableModel model = task.model();
    double maxNorm = arguments.optimizer().maxGradNorm();
    double norm = maxNorm > 0 ? model.clipGradients(maxNorm) : model.gradientNorm();
    requireNumber("gradient", norm);
    double rate = schedule.rate(state.step());
    model.update(adamW(rate, schedule.factor(state.step())), state.step() + 1);
    model.zeroGradients();
    double seconds = (System.nanoTime() - started) / 1e9;
    TrainerCallback.Step step =
        new TrainerCallback.Step(state.step() + 1, loss, norm, rate, tokens, seconds);
    state.updated(new TrainerState.Position(step.step(), epoch, batchOfEpoch, batches), step);
    callbacks.forEach(callback -> callback.updated(step));
    group.clear();
    loss = 0;
    tokens = 0;
  }

  private AdamW adamW(double rate, double factor) {
    TrainingArguments.Optimizer optimizer = arguments.optimizer();
    return new AdamW(
        rate,
        optimizer.embeddingLearningRate() * factor,
        optimizer.beta1(),
        optimizer.beta2(),
        optimizer.epsilon(),
        optimizer.weightDecay());
  }

  private long seedOf(long step) {
    return new SplittableRandom(arguments.run().seed() + step * 0x9E3779B97F4A7C15L).nextLong();
  }

  private void requireNumber(String what, double value) throws IOException {
    if (!Double.isFinite(value)) {
      throw FailedBatch.of(
          context.folder(),
          "the " + what + " is " + value,
          state.position(),
          task.objective(),
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

  /** The files of a complete run: results, curves, and the model. */
  private void finish() throws IOException {
    Path folder = context.folder();
    boolean trained = arguments.run().doTrain();
    Map<String, Double> all = new LinkedHashMap<>();
    if (trained) {
      Optional<Path> best = checkpointer.loadBest(state);
      best.ifPresent(path -> note("the best checkpoint is " + path));
      all.putAll(result("train_results.json", trainFigures()));
    }
    if (arguments.run().doEval() && task.evaluation().isPresent()) {
      Map<String, Double> evaluation = between.lastEvaluation(state);
      all.putAll(result("eval_results.json", task.objective().results(evaluation)));
    }
    write(folder.resolve("all_results.json"), all);
    String title = arguments.run().runName().orElse(folder.getFileName().toString());
    CurvesPage.write(folder.resolve("curves.html"), title, state.history());
    if (trained) {
      checkpointer.saveResult(folder, state);
    }
  }

  private Map<String, Double> trainFigures() {
    double seconds = Math.max(state.seconds(), 1e-9);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("train_loss", state.meanLoss());
    figures.put("train_runtime", state.seconds());
    figures.put("train_steps_per_second", state.step() / seconds);
    figures.put("train_tokens_per_second", state.tokens() / seconds);
    return figures;
  }

  private Map<String, Double> result(String file, Map<String, Double> figures) throws IOException {
    write(context.folder().resolve(file), figures);
    between.record(state, figures);
    return figures;
  }

  private static void write(Path file, Map<String, Double> figures) throws IOException {
    Files.writeString(
        file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
  }
}
