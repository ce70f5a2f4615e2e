/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Where a run writes, whether it resumes, what it does and what it reports to.
 *
 * @param outputDir {@code output_dir}
 * @param overwriteOutputDir {@code overwrite_output_dir}: whether a folder that is not empty is
 *     started in anew; otherwise its last checkpoint is resumed, and without one it is an error
 * @param doTrain {@code do_train}
 * @param doEval {@code do_eval}
 * @param resumeFromCheckpoint {@code resume_from_checkpoint}
 * @param runName {@code run_name}, shown in reports
 * @param seed {@code seed}
 * @param dataSeed {@code data_seed}: the seed of the order of examples, if not {@code seed}
 * @param useCpu {@code use_cpu} (or {@code no_cuda}): whether a GPU is left alone
 * @param devices those among which every batch is divided, in the file without the s; if none is
 *     named, the first GPU or the CPU. Not in transformers
 * @param threads {@code threads} of each device that is the CPU; if unsaid, they share what one
 *     alone would have
 * @param disableTqdm {@code disable_tqdm}: whether there is no progress bar; if unsaid, there is
 *     one where a person watches
 * @param loggingDir {@code logging_dir}: where TensorBoard's files go, by default below {@code
 *     output_dir}
 * @param reportTo {@code report_to}
 */
public record RunArguments(
    Path outputDir,
    boolean overwriteOutputDir,
    boolean doTrain,
    boolean doEval,
    Resume resumeFromCheckpoint,
    Optional<String> runName,
    int seed,
    OptionalInt dataSeed,
    boolean useCpu,
    List<String> devices,
    OptionalInt threads,
    Optional<Boolean> disableTqdm,
    Optional<Path> loggingDir,
    Set<Report> reportTo) {

  /** What becomes of an earlier run in the same folder. */
  public sealed interface Resume permits Unsaid, LastCheckpoint, Checkpoint {}

  /** As {@link #overwriteOutputDir} says. */
  public record Unsaid() implements Resume {}

  /** The last checkpoint of the folder, which must be there. */
  public record LastCheckpoint() implements Resume {}

  /**
   * A given checkpoint.
   *
   * @param folder its folder
   */
  public record Checkpoint(Path folder) implements Resume {}

  /** What is written for looking at besides {@code trainer_state.json}. */
  public enum Report {
    /** TensorBoard's event files. */
    TENSORBOARD
  }

  /** Copies the collections. */
  public RunArguments {
    devices = List.copyOf(devices);
    reportTo = Set.copyOf(reportTo);
  }

  /** The seed of the order of examples. */
  public long orderSeed() {
    return dataSeed.orElse(seed);
  }

  static RunArguments read(ConfigValues values, boolean evaluates) {
    return new RunArguments(
        Path.of(values.requiredText("output_dir", "say where the run writes")),
        values.flag("overwrite_output_dir", false),
        values.flag("do_train", false),
        // As in transformers, asking for evaluation at intervals is asking for evaluation.
        values.flag("do_eval", false) || evaluates,
        resume(values),
        values.optionalText("run_name"),
        values.whole("seed", 42, 0),
        values.optionalWhole("data_seed", 0),
        values.flag("use_cpu", false),
        values.texts("device", List.of()),
        values.optionalWhole("threads", 1),
        values.optionalFlag("disable_tqdm"),
        values.optionalText("logging_dir").map(Path::of),
        reports(values));
  }

  private static Resume resume(ConfigValues values) {
    Optional<JsonNode> value = values.json("resume_from_checkpoint");
    if (value.isEmpty()) {
      return new Unsaid();
    }
    return switch (value.get().asText().toLowerCase(Locale.ROOT)) {
      case "true", "last-checkpoint" -> new LastCheckpoint();
      case "false" -> new Unsaid();
      default -> new Checkpoint(Path.of(value.get().asText()));
    };
  }

  private static Set<Report> reports(ConfigValues values) {
    List<String> names = values.texts("report_to", List.of("tensorboard"));
    Set<Report> reports = EnumSet.noneOf(Report.class);
    for (String name : names) {
      switch (name) {
        case "none" -> {
          if (names.size() > 1) {
            throw values.invalid("report_to", "\"none\" contradicts the other names beside it");
          }
        }
        case "all", "tensorboard" -> reports.add(Report.TENSORBOARD);
        default ->
            throw values.invalid(
                "report_to",
                "expected tensorboard, all or none, found \""
                    + name
                    + "\": no figures are sent to a service; metrics.jsonl holds them all");
      }
    }
    return reports;
  }
}
