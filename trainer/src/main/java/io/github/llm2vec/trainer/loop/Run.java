/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.config.RunArguments.Report;
import io.github.llm2vec.trainer.config.TrainConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
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

/** One run, from its parts to the files that it leaves. */
final class Run {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final ResolvedConfig<?> config;
  private final TrainingArguments arguments;
  private final OutputDir folder;
  private final TrainingEnvironment tools;

  private Run(
      ResolvedConfig<?> config,
      TrainingArguments arguments,
      OutputDir folder,
      TrainingEnvironment tools) {
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
      TrainableModel trainee,
      Objective<B> objective,
      Optional<DataLoader<B>> training,
      Optional<DataLoader<B>> validation,
      ModelFiles files,
      TrainingStart.Cost cost) {}

  /** Looks at the folder and what is to be resumed, and says what is worth saying. */
  static Run begin(
      ResolvedConfig<? extends TrainConfig> config, Path output, TrainingEnvironment tools)
      throws IOException {
    TrainingArguments arguments = config.config().training();
    OutputDir folder = OutputDir.find(output, arguments.run());
    List<String> notes = new ArrayList<>(config.notes());
    if (folder.resumed().isPresent()) {
      notes.addAll(ResumeCheck.check(folder.resumed().get(), config.values()));
      notes.add("going on from " + folder.resumed().get());
    }
    folder.prepare();
    Run run = new Run(config, arguments, folder, tools);
    run.writeConfig(output);
    TrainerCallback listener = new CallbackHandler(tools.listeners());
    notes.forEach(listener::note);
    return run;
  }

  private void writeConfig(Path target) throws IOException {
    Files.writeString(target.resolve(OutputDir.CONFIG), config.toJson());
  }

  Path folder() {
    return folder.path();
  }

  TrainingArguments arguments() {
    return arguments;
  }

  /** Trains, evaluates and saves. */
  <B> TrainOutput go(Stage<B> stage) throws IOException {
    StepPlan plan = plan(stage);
    TrainerStateFiles states = new TrainerStateFiles(arguments, plan);
    Checkpointer checkpointer =
        new Checkpointer(
            new Checkpointer.Parts(
                folder.store(),
                stage.trainee(),
                stage.files(),
                states,
                this::writeConfig,
                arguments.saving()));
    TrainerState state =
        folder.resumed().isPresent()
            ? checkpointer.resume(folder.resumed().get())
            : new TrainerState();
    CallbackHandler listener = listeners(state.step());
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
    return new TrainOutput(folder.path(), complete, state);
  }

  /** What looks on while a run trains. */
  private record Watch(
      Checkpointer checkpointer,
      Optional<? extends Evaluator<?>> evaluator,
      TrainerCallback listener) {}

  private <B> boolean train(Stage<B> stage, StepPlan plan, TrainerState state, Watch watch)
      throws IOException {
    DataLoader<B> training =
        stage
            .training()
            .orElseThrow(
                () ->
                    new TrainingException(
                        "do_train is true, but there is no training data; name a train_file or a"
                            + " dataset with a training set"));
    LearningRateSchedule schedule =
        arguments.schedule().schedule(plan, arguments.optimizer().learningRate());
    TrainingCallbacks milestones =
        new TrainingCallbacks(
            new TrainingCallbacks.Parts(
                folder.path(),
                arguments,
                plan,
                schedule,
                watch.evaluator().map(found -> (Evaluator<?>) found),
                watch.checkpointer(),
                watch.listener()));
    watch
        .listener()
        .started(
            new TrainingStart(state.step(), arguments.schedule().lastUpdate(plan), stage.cost()));
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

  private CallbackHandler listeners(long step) throws IOException {
    List<TrainerCallback> all = new ArrayList<>(tools.listeners());
    MetricsFile metrics = new MetricsFile(folder.path().resolve(OutputDir.METRICS), step);
    all.add(writing(metrics::write));
    if (arguments.run().reportTo().contains(Report.TENSORBOARD)) {
      Path runs = arguments.run().loggingDir().orElse(folder.path().resolve("runs"));
      all.add(writing(new EventFile(runs, step, Clock.systemUTC())::write));
    }
    return new CallbackHandler(all);
  }

  private interface Writer {
    void write(MetricRecord metric) throws IOException;
  }

  private static TrainerCallback writing(Writer writer) {
    return new TrainerCallback() {
      @Override
      public void logged(MetricRecord metric) throws IOException {
        writer.write(metric);
      }
    };
  }

  private void finish(
      TrainerState state,
      TrainerStateFiles states,
      Checkpointer checkpointer,
      Optional<? extends Evaluator<?>> evaluator,
      TrainerCallback listener)
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
  private Map<String, Double> evaluate(Evaluator<?> evaluator, TrainerState state)
      throws IOException {
    for (MetricRecord metric : state.history()) {
      boolean same = metric.step() == state.step() && metric.values().containsKey(Evaluator.LOSS);
      if (same && !arguments.saving().loadBestModelAtEnd()) {
        return metric.values();
      }
    }
    return evaluator.evaluate();
  }

  private static Map<String, Double> trainFigures(TrainerState state) {
    double seconds = Math.max(state.seconds(), 1e-9);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("train_loss", state.meanLoss());
    figures.put("train_runtime", state.seconds());
    figures.put("train_steps_per_second", state.step() / seconds);
    figures.put("train_tokens_per_second", state.tokens() / seconds);
    return figures;
  }

  private static void record(
      TrainerState state,
      TrainerStateFiles states,
      Map<String, Double> figures,
      TrainerCallback listener)
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
