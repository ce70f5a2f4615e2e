/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.TaskEvaluation.EvaluatedModel;
import io.github.llm2vec.trainer.mteb.results.ModelMeta;
import io.github.llm2vec.trainer.mteb.results.SubsetScores;
import io.github.llm2vec.trainer.mteb.results.TaskResult;
import io.github.llm2vec.trainer.mteb.search.ExactSearch;
import io.github.llm2vec.trainer.mteb.search.ScoreBlocks;
import io.github.llm2vec.trainer.mteb.task.Finding;
import io.github.llm2vec.trainer.mteb.task.TaskDefinition;
import io.github.llm2vec.trainer.mteb.task.TaskRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Evaluates an encoder, words, or both, on a list of tasks and leaves the files of {@link
 * EvaluationFiles} behind.
 *
 * <p>Vectors and indexes stay on disk and are used again by a later run with the same encoder and
 * data, so that a run that was killed goes on where it stood and another method or measure costs no
 * encoding. Used by one thread.
 */
public final class MtebEvaluation {

  /**
   * A callback for the progress of an evaluation, called on the thread that evaluates. An exception
   * thrown by a listener ends the evaluation: what is on disk stays, and a later run goes on from
   * there.
   */
  public interface EvaluationListener {

    /** Hears nothing. */
    EvaluationListener NONE = new EvaluationListener() {};

    /** A task begins; {@code number} of {@code tasks}, counted from 1. */
    default void taskStarted(EvaluationTask task, int number, int tasks) {}

    /** Something is wrong with the data of a task. */
    default void finding(EvaluationTask task, Finding finding) {}

    /**
     * Texts were encoded, or found encoded by an earlier run.
     *
     * @param what "documents", "queries" or "sentences"
     * @param done how many have a vector; those of whole shards are on disk
     * @param total how many there will be
     * @param fresh whether the last ones were encoded now
     */
    default void encoded(EvaluationTask task, String what, int done, int total, boolean fresh) {}

    /** Vectors were added to the index that a graph search needs; {@code done} of {@code total}. */
    default void indexed(EvaluationTask task, SearchMethod method, int done, int total) {}

    /** A way of searching has come so far. */
    default void searched(EvaluationTask task, SearchMethod method, int percent) {}

    /** A way of searching was measured. */
    default void measured(EvaluationTask task, TaskEvaluation.MethodResult result) {}

    /** A task is done and its files are written. */
    default void taskFinished(EvaluationTask task, TaskEvaluation evaluation) {}
  }

  private static final String WORDS_REVISION = "lucene";

  private final Optional<EvaluatedModel> model;
  private final Optional<ExactSearch> exactSearch;
  private final EvaluationOptions options;
  private final EvaluationFiles files;
  private final TaskRegistry registry = TaskRegistry.load();

  private MtebEvaluation(
      Optional<EvaluatedModel> model,
      Optional<ExactSearch> exactSearch,
      EvaluationOptions options,
      Path folder) {
    this.model = model;
    this.exactSearch = exactSearch;
    this.options = options;
    this.files = new EvaluationFiles(folder);
  }

  /**
   * Evaluates a model.
   *
   * @param model not closed by this
   * @param blocks multiplies vectors for the exact search; not closed by this
   * @param options how to evaluate
   * @param folder takes all files
   */
  public static MtebEvaluation of(
      EvaluatedModel model, ScoreBlocks blocks, EvaluationOptions options, Path folder) {
    return new MtebEvaluation(
        Optional.of(model), Optional.of(new ExactSearch(blocks)), options, folder);
  }

  /**
   * Evaluates the search by words alone, which needs no model.
   *
   * @param options how to evaluate; the methods must be words only
   * @param folder takes all files
   */
  public static MtebEvaluation ofBm25(EvaluationOptions options, Path folder) {
    if (options.usesVectors()) {
      throw new IllegalArgumentException(
          "without a model only bm25 can be evaluated, got "
              + options.methods().stream().map(SearchMethod::label).toList());
    }
    return new MtebEvaluation(Optional.empty(), Optional.empty(), options, folder);
  }

  /** Where the files are. */
  public EvaluationFiles files() {
    return files;
  }

  /**
   * Evaluates tasks one after the other; the files of a task are written when it is done. If all
   * members of a mean, such as CQADupStack, are among the tasks, it gets a result file, too.
   *
   * @param tasks tasks with data
   * @param listener told how it goes
   * @throws IOException if data cannot be read or results not be written; tasks before are done
   */
  public EvaluationOutcome run(List<EvaluationTask> tasks, EvaluationListener listener)
      throws IOException {
    Files.createDirectories(files.work());
    FileChannel lock = lock();
    try {
      return evaluate(tasks, listener);
    } finally {
      lock.close();
    }
  }

  private EvaluationOutcome evaluate(List<EvaluationTask> tasks, EvaluationListener listener)
      throws IOException {
    List<TaskEvaluation> evaluations = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      EvaluationTask task = tasks.get(i);
      listener.taskStarted(task, i + 1, tasks.size());
      TaskEvaluation evaluation = evaluate(task, listener);
      for (TaskEvaluation.MethodResult method : evaluation.methods()) {
        write(task.definition(), method, evaluation.seconds());
      }
      evaluations.add(evaluation);
      listener.taskFinished(task, evaluation);
    }
    return new EvaluationOutcome(
        model.map(EvaluatedModel::name).orElse(""), evaluations, aggregate(evaluations));
  }

  /** Two runs must not write the same vectors. The lock ends with the process at the latest. */
  private FileChannel lock() throws IOException {
    Path file = files.work().resolve("lock");
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw new IOException(files.root() + " is being evaluated in this process already", e);
    }
    channel.close();
    throw new IOException(
        files.root()
            + " is being evaluated by another process; wait for it or take another folder");
  }

  private TaskEvaluation evaluate(EvaluationTask task, EvaluationListener listener)
      throws IOException {
    try (FindingLog log =
        new FindingLog(files.findings(task.definition()), task, listener, options.strict())) {
      TaskEvaluation evaluation =
          switch (task.definition().type()) {
            case RETRIEVAL ->
                new RetrievalEvaluation(model, exactSearch, options, files)
                    .evaluate(task, listener, log.findings());
            case STS ->
                new StsEvaluation(requireModel(task), options, files)
                    .evaluate(task, listener, log.findings());
          };
      log.finish();
      return evaluation;
    }
  }

  private EvaluatedModel requireModel(EvaluationTask task) {
    return model.orElseThrow(
        () ->
            new IllegalArgumentException(
                task + " compares vectors and needs a model; words alone cannot do it"));
  }

  private void write(TaskDefinition task, TaskEvaluation.MethodResult method, double seconds)
      throws IOException {
    ModelMeta system = system(method);
    system.write(files.results());
    new TaskResult(
            task.name(), task.revision(), Map.of(task.split(), List.of(method.scores())), seconds)
        .write(files.result(system, task.name()));
  }

  private ModelMeta system(TaskEvaluation.MethodResult method) {
    boolean words = method.system().equals(new SearchMethod.Bm25().systemName(""));
    if (words || model.isEmpty()) {
      return new ModelMeta(method.system(), WORDS_REVISION, 0, false);
    }
    EvaluatedModel tested = model.get();
    return new ModelMeta(method.system(), tested.revision(), tested.encoder().dimensions(), true);
  }

  private List<EvaluationOutcome.Aggregate> aggregate(List<TaskEvaluation> evaluations)
      throws IOException {
    List<EvaluationOutcome.Aggregate> aggregates = new ArrayList<>();
    for (TaskDefinition mean : registry.all()) {
      List<TaskEvaluation> members =
          evaluations.stream().filter(task -> mean.members().contains(task.task())).toList();
      if (mean.isAggregate() && members.size() == mean.members().size()) {
        Map<String, Double> scores = new LinkedHashMap<>();
        double seconds = members.stream().mapToDouble(TaskEvaluation::seconds).sum();
        for (int i = 0; i < members.get(0).methods().size(); i++) {
          int method = i;
          TaskEvaluation.MethodResult first = members.get(0).methods().get(method);
          SubsetScores subset =
              SubsetScores.mean(
                  members.stream().map(task -> task.methods().get(method).scores()).toList());
          write(
              mean,
              new TaskEvaluation.MethodResult(
                  first.label(), first.system(), subset, List.of(), List.of(), seconds),
              seconds);
          scores.put(first.label(), subset.main());
        }
        aggregates.add(new EvaluationOutcome.Aggregate(mean.name(), mean.members(), scores));
      }
    }
    return aggregates;
  }
}
