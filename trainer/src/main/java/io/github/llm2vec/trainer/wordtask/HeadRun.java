/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.tokenclassification.WordHead;
import io.github.llm2vec.tokenclassification.WordHeadConfig;
import io.github.llm2vec.tokenclassification.WordHeadFiles;
import io.github.llm2vec.trainer.config.EvaluationArguments;
import io.github.llm2vec.trainer.config.IntervalStrategy;
import io.github.llm2vec.trainer.config.SaveArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.optim.LearningRateSchedule;
import io.github.llm2vec.trainer.optim.StepPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The updates of one run: batches in the Trainer's order, accumulation, logging, evaluation,
 * checkpoints. Where a run stands is the number of updates alone, so that a resumed run makes the
 * updates that the first one would have made.
 */
final class HeadRun {

  private final WordTaskTraining task;
  private final TrainingArguments arguments;
  private final StateStore training;
  private final StateStore validation;
  private final WordHeadConfig headConfig;
  private final HeadGradient gradient;
  private final StepPlan plan;
  private final LearningRateSchedule schedule;
  private final Dropout dropout;
  private final long last;
  private HeadOptimizer optimizer;
  private ArrayNode history = JsonNodeFactory.instance.arrayNode();
  private long update;
  private double lossSum;
  private Optional<Best> best = Optional.empty();

  /** The checkpoint with the best figure so far. */
  private record Best(Path folder, double figure) {}

  HeadRun(WordTaskTraining task, WordSets sets, StateStore training, StateStore validation) {
    this.task = task;
    this.arguments = task.config().training();
    this.training = training;
    this.validation = validation;
    this.headConfig = task.headConfig(sets.labels().names());
    int seed = arguments.run().seed();
    this.gradient = HeadStart.of(headConfig.hiddenSize(), headConfig.labels().size(), seed);
    this.optimizer = new HeadOptimizer(arguments.optimizer(), gradient);
    long batches =
        StepPlan.batches(
            training.sentences().size(),
            arguments.batches().trainBatchSize(),
            arguments.batches().dropLast());
    this.plan = arguments.schedule().plan(batches, arguments.batches().accumulation());
    this.schedule = arguments.schedule().schedule(plan, arguments.optimizer().learningRate());
    this.dropout = new Dropout(task.config().head().dropout(), seed);
    this.last = arguments.schedule().lastUpdate(plan);
  }

  /** Goes on from a checkpoint. */
  void resume(Path folder) throws IOException {
    WordHead head = WordHeadFiles.read(folder);
    if (!head.config().equals(headConfig)) {
      throw new IllegalArgumentException(
          folder + " is of another task or model; start anew with overwrite_output_dir");
    }
    System.arraycopy(head.weight(), 0, gradient.weight(), 0, gradient.weight().length);
    System.arraycopy(head.bias(), 0, gradient.bias(), 0, gradient.bias().length);
    HeadCheckpoint.State state = HeadCheckpoint.load(folder, optimizer.moments());
    optimizer =
        new HeadOptimizer(arguments.optimizer(), gradient, optimizer.moments(), state.update());
    update = state.update();
    lossSum = state.lossSum();
    history = state.history();
    findBest();
  }

  /** The best of the checkpoints that are still there, by what was logged of them. */
  private void findBest() {
    String figure = arguments.saving().bestMetric().replaceFirst("^(eval_)?", "eval_");
    for (JsonNode entry : history) {
      Path folder = task.checkpoints().folder(entry.path("step").asLong());
      if (arguments.saving().loadBestModelAtEnd()
          && entry.has(figure)
          && Files.isDirectory(folder)) {
        compare(folder, entry.path(figure).asDouble());
      }
    }
  }

  WordTaskTraining.Outcome train() throws IOException {
    if (arguments.evaluation().onStart() && update == 0) {
      evaluate();
    }
    long batch = 0;
    long made = 0;
    for (long epoch = 0; made < last; epoch++) {
      Sampler order =
          Sampler.ofEpoch(training.sentences().size(), arguments.run().orderSeed(), epoch);
      for (long inEpoch = 1; inEpoch <= plan.batchesPerEpoch() && made < last; inEpoch++) {
        batch++;
        boolean updates = plan.updatesAfter(batch, inEpoch);
        if (made >= update) {
          backward(order, inEpoch - 1, batch);
        }
        made += updates ? 1 : 0;
        if (updates && made > update) {
          step(inEpoch == plan.batchesPerEpoch());
          if (task.listener().stopRequested() && update < last) {
            save();
            return new WordTaskTraining.Outcome(update, false, Optional.empty());
          }
        }
      }
    }
    return finish();
  }

  /** Adds the gradient of one batch. */
  private void backward(Sampler order, long place, long batch) throws IOException {
    int size = arguments.batches().trainBatchSize();
    long from = place * size;
    long to = Math.min(order.size(), from + size);
    int words = 0;
    for (long at = from; at < to; at++) {
      words += training.words((int) order.at(at));
    }
    int hidden = headConfig.hiddenSize();
    float[] states = new float[Math.multiplyExact(words, hidden)];
    int[] truth = new int[words];
    int next = 0;
    for (long at = from; at < to; at++) {
      int sentence = (int) order.at(at);
      training.read(sentence, states, next * hidden);
      int[] labels = StateStore.labels(training.sentences().get(sentence));
      System.arraycopy(labels, 0, truth, next, labels.length);
      next += labels.length;
    }
    dropout.apply(states, states.length, batch);
    if (words > 0) {
      double share = 1.0 / arguments.batches().accumulation();
      lossSum += gradient.add(states, truth, share) * share;
    }
  }

  private void step(boolean endOfEpoch) throws IOException {
    double rate = schedule.rate(update);
    optimizer.step(rate);
    gradient.clear();
    update++;
    task.listener().updated(update, last);
    log(rate, endOfEpoch);
    EvaluationArguments evaluation = arguments.evaluation();
    boolean evaluates =
        isDue(evaluation.strategy(), evaluation.interval().updates(last), endOfEpoch);
    Optional<WordScores> scores = evaluates ? evaluate() : Optional.empty();
    SaveArguments saving = arguments.saving();
    if (isDue(saving.strategy(), saving.interval().updates(last), endOfEpoch)) {
      Path folder = save();
      if (scores.isPresent() && saving.loadBestModelAtEnd()) {
        compare(folder, scores.get().metric(saving.bestMetric()));
      }
      if (saving.totalLimit().isPresent()) {
        task.checkpoints().keep(saving.totalLimit().getAsInt(), best.map(Best::folder));
      }
    }
  }

  private boolean isDue(IntervalStrategy strategy, long interval, boolean endOfEpoch) {
    return WordTaskTraining.isDue(strategy, interval, update, endOfEpoch);
  }

  private void compare(Path folder, double figure) {
    boolean greater = arguments.saving().greaterIsBetter();
    boolean better =
        best.isEmpty() || (greater ? figure > best.get().figure() : figure < best.get().figure());
    if (better) {
      best = Optional.of(new Best(folder, figure));
    }
  }

  private void log(double rate, boolean endOfEpoch) {
    boolean due =
        isDue(
            arguments.logging().strategy(),
            arguments.logging().interval().updates(last),
            endOfEpoch);
    if (due || (update == 1 && arguments.logging().firstStep())) {
      long before = 0;
      for (JsonNode earlier : history) {
        before = earlier.has("loss") ? earlier.path("step").asLong() : before;
      }
      double loss = lossSum / (update - before);
      lossSum = 0;
      ObjectNode entry = history.addObject();
      entry.put("loss", loss);
      entry.put("learning_rate", rate);
      entry.put("epoch", plan.epochAfter(update));
      entry.put("step", update);
      task.listener().logged(update, loss, rate);
    }
  }

  private Optional<WordScores> evaluate() throws IOException {
    if (validation.sentences().isEmpty()) {
      return Optional.empty();
    }
    HeadScorer scorer = new HeadScorer(head());
    for (int sentence = 0; sentence < validation.sentences().size(); sentence++) {
      float[] states = new float[validation.words(sentence) * headConfig.hiddenSize()];
      validation.read(sentence, states, 0);
      scorer.add(states, StateStore.labels(validation.sentences().get(sentence)));
    }
    WordScores scores = scorer.scores();
    ObjectNode entry = history.addObject();
    scores.put(entry, "eval_");
    entry.put("epoch", plan.epochAfter(update));
    entry.put("step", update);
    task.listener().evaluated(update, scores);
    return Optional.of(scores);
  }

  private Path save() throws IOException {
    Path folder =
        task.checkpoints()
            .save(
                new HeadCheckpoint.State(update, lossSum, history),
                head(),
                arguments.saving().onlyModel()
                    ? Optional.empty()
                    : Optional.of(optimizer.moments()));
    task.listener().saved(folder);
    return folder;
  }

  private WordHead head() {
    return new WordHead(headConfig, gradient.weight(), gradient.bias());
  }

  private WordTaskTraining.Outcome finish() throws IOException {
    if (best.isPresent()) {
      WordHead head = WordHeadFiles.read(best.get().folder());
      System.arraycopy(head.weight(), 0, gradient.weight(), 0, gradient.weight().length);
      System.arraycopy(head.bias(), 0, gradient.bias(), 0, gradient.bias().length);
    }
    Optional<WordScores> scores = evaluate();
    task.finish(head(), scores);
    return new WordTaskTraining.Outcome(update, true, scores);
  }
}
