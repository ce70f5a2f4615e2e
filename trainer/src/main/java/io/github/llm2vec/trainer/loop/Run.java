/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.collate.BatchSource;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments.Report;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
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

/** One run, from its parts to the files that it leaves. */
final class Run {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final ResolvedConfig<?> config;
  private final TrainingArguments arguments;
  private final RunFolder folder;
  private final RunTools tools;

  private Run(
      ResolvedConfig<?> config, TrainingArguments arguments, RunFolder folder, RunTools tools) {
    this.config = config;
    this.arguments = arguments;
    this.folder = folder;
    this.tools = tools;
  }

  /**
   * What one kind of training differs in from another.
   *
   * @param <B> what a batch is
   * @param trainee what is trained
   * @param objective what is minimised
   * @param training what is trained on
   * @param validation what is evaluated on
   * @param files how the model is saved
   * @param cost what a token costs
   */
  record Stage<B>(
      Trainee trainee,
      Objective<B> objective,
      Optional<BatchSource<B>> training,
      Optional<BatchSource<B>> validation,
      ModelFiles files,
      RunStart.Cost cost) {}

  /** Looks at the folder and what is to be resumed, and says what is worth saying. */
  static Run begin(ResolvedConfig<? extends TrainConfig> config, Path output, RunTools tools)
      throws IOException {
    TrainingArguments arguments = config.config().training();
    RunFolder folder = RunFolder.find(output, arguments.run());
    List<String> notes = new ArrayList<>(config.notes());
    if (folder.resumed().isPresent()) {
      notes.addAll(ConfigChanges.check(folder.resumed().get(), config.values()));
      notes.add("going on from " + folder.resumed().get());
    }
    folder.prepare();
    Run run = new Run(config, arguments, folder, tools);
    run.writeConfig(output);
    RunListener listener = new Listeners(tools.listeners());
    notes.forEach(listener::note);
    return run;
  }

  private void writeConfig(Path target) throws IOException {
    Files.writeString(target.resolve(RunFolder.CONFIG), config.toJson());
  }

  Path folder() {
    return folder.path();
  }

  TrainingArguments arguments() {
    return arguments;
  }

  /** Trains, evaluates and saves. */
  <B> RunOutcome go(Stage<B> stage) throws IOException {
    StepPlan plan = plan(stage);
    StateFiles states = new StateFiles(arguments, plan);
    Checkpointer checkpointer =
        new Checkpointer(
            new Checkpointer.Parts(
                folder.store(),
                stage.trainee(),
                stage.files(),
                states,
                this::writeConfig,
                arguments.saving()));
    RunState state =
        folder.resumed().isPresent() ? checkpointer.resume(folder.resumed().get()) : new RunState();
    Listeners listener = listeners(state.step());
    Optional<Evaluator<B>> evaluator =
        stage
            .validation()
            .map(source -> new Evaluator<>(stage.objective(), source, System::nanoTime));
    boolean complete =
        !arguments.run().doTrain()
            || train(stage, plan, state, new Watch(checkpointer, evaluator, listener));
    if (complete) {
      finish(state, states, checkpointer, evaluator, listener);
    } else {
      listener.note(
          "stopped after update "
              + state.step()
              + "; the same command with --resume_from_checkpoint true goes on");
    }
    return new RunOutcome(folder.path(), complete, state);
  }

  /** What looks on while a run trains. */
  private record Watch(
      Checkpointer checkpointer,
      Optional<? extends Evaluator<?>> evaluator,
      RunListener listener) {}

  private <B> boolean train(Stage<B> stage, StepPlan plan, RunState state, Watch watch)
      throws IOException {
    BatchSource<B> training =
        stage
            .training()
            .orElseThrow(
                () ->
                    new TrainingException(
                        "do_train is true, but there is no training data; name a train_file or a"
                            + " dataset with a training set"));
    LearningRateSchedule schedule =
        arguments.schedule().schedule(plan, arguments.optimizer().learningRate());
    Milestones milestones =
        new Milestones(
            new Milestones.Parts(
                folder.path(),
                arguments,
                plan,
                schedule,
                watch.evaluator().map(found -> (Evaluator<?>) found),
                watch.checkpointer(),
                watch.listener()));
    watch
        .listener()
        .started(new RunStart(state.step(), arguments.schedule().lastUpdate(plan), stage.cost()));
    return new TrainingLoop<>(
            new TrainingLoop.Parts<>(
                stage.trainee(),
                stage.objective(),
                training,
                plan,
                schedule,
                arguments,
                milestones,
                watch.listener(),
                tools.stop(),
                System::nanoTime),
            state)
        .run();
  }

  private <B> StepPlan plan(Stage<B> stage) throws IOException {
    int accumulation = arguments.batches().accumulation();
    OptionalLong batches =
        stage.training().isPresent()
            ? stage.training().get().batchesPerEpoch()
            : OptionalLong.of(1);
    if (batches.isPresent() && batches.getAsLong() == 0) {
      throw new TrainingException(
          "the training data is not enough for one batch of per_device_train_batch_size "
              + arguments.batches().trainBatchSize());
    }
    return batches.isPresent()
        ? arguments.schedule().plan(batches.getAsLong(), accumulation)
        // Streamed data has no known end; reading the configuration made sure of max_steps.
        : StepPlan.ofUpdates(
            Long.MAX_VALUE, accumulation, arguments.schedule().maxSteps().orElseThrow());
  }

  private Listeners listeners(long step) throws IOException {
    List<RunListener> all = new ArrayList<>(tools.listeners());
    MetricsFile metrics = new MetricsFile(folder.path().resolve(RunFolder.METRICS), step);
    all.add(writing(metrics::write));
    if (arguments.run().reportTo().contains(Report.TENSORBOARD)) {
      Path runs = arguments.run().loggingDir().orElse(folder.path().resolve("runs"));
      all.add(writing(new EventFile(runs, step, Clock.systemUTC())::write));
    }
    return new Listeners(all);
  }

  private interface Writer {
    void write(MetricRecord metric) throws IOException;
  }

  private static RunListener writing(Writer writer) {
    return new RunListener() {
      @Override
      public void logged(MetricRecord metric) throws IOException {
        writer.write(metric);
      }
    };
  }

  private void finish(
      RunState state,
      StateFiles states,
      Checkpointer checkpointer,
      Optional<? extends Evaluator<?>> evaluator,
      RunListener listener)
      throws IOException {
    Path output = folder.path();
    Map<String, Double> all = new LinkedHashMap<>();
    if (arguments.run().doTrain()) {
      Optional<Path> best = checkpointer.loadBest(state);
      best.ifPresent(path -> listener.note("the best checkpoint is " + path));
      Map<String, Double> figures = trainFigures(state);
      all.putAll(figures);
      writeResults(output.resolve("train_results.json"), figures);
      record(state, states, figures, listener);
    }
    if (arguments.run().doEval() && evaluator.isPresent()) {
      Map<String, Double> figures = new LinkedHashMap<>(evaluate(evaluator.get(), state));
      figures.put("perplexity", Math.exp(figures.get(Evaluator.LOSS)));
      all.putAll(figures);
      writeResults(output.resolve("eval_results.json"), figures);
      record(state, states, figures, listener);
    }
    writeResults(output.resolve("all_results.json"), all);
    String title = arguments.run().runName().orElse(output.getFileName().toString());
    CurvesPage.write(output.resolve("curves.html"), title, state.history());
    if (arguments.run().doTrain()) {
      states.writeTrainerState(output, state);
      checkpointer.saveResult(output);
    }
  }

  /** Measures the result, unless that was done after the last update and it is the result. */
  private Map<String, Double> evaluate(Evaluator<?> evaluator, RunState state) throws IOException {
    for (MetricRecord metric : state.history()) {
      boolean same = metric.step() == state.step() && metric.values().containsKey(Evaluator.LOSS);
      if (same && !arguments.saving().loadBestModelAtEnd()) {
        return metric.values();
      }
    }
    return evaluator.evaluate();
  }

  private static Map<String, Double> trainFigures(RunState state) {
    double seconds = Math.max(state.seconds(), 1e-9);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("train_loss", state.meanLoss());
    figures.put("train_runtime", state.seconds());
    figures.put("train_steps_per_second", state.step() / seconds);
    figures.put("train_tokens_per_second", state.tokens() / seconds);
    return figures;
  }

  private static void record(
      RunState state, StateFiles states, Map<String, Double> figures, RunListener listener)
      throws IOException {
    MetricRecord metric = new MetricRecord(state.step(), states.epochAfter(state.step()), figures);
    state.record(metric);
    listener.logged(metric);
  }

  private static void writeResults(Path file, Map<String, Double> figures) throws IOException {
    Files.writeString(
        file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n");
  }
}
