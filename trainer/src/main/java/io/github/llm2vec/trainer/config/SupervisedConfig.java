/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A run of supervised contrastive training, upstream's {@code run_supervised.py}.
 *
 * @param model the model, with the adapters that are merged into it
 * @param dataset {@code dataset_name}
 * @param file {@code dataset_file_path}: a folder of datasets or, for plain JSON lines, a file
 * @param access where data is found and kept
 * @param contrast pooling, length and loss
 * @param instructions how instructions are put before texts
 * @param experimentId {@code experiment_id}: the folder below {@code output_dir} that is written
 *     to; if unsaid it is made of the settings, see {@link ExperimentId}
 * @param lora the adapter
 * @param training everything else
 */
public record SupervisedConfig(
    ModelArguments model,
    Dataset dataset,
    Optional<Path> file,
    DataAccess access,
    ContrastiveArguments contrast,
    Instructions instructions,
    Optional<String> experimentId,
    LoraArguments lora,
    TrainingArguments training)
    implements TrainConfig {

  /** How examples lie on disk. */
  public enum Dataset implements NamedOption {
    /** A folder with a JSON-lines file for every dataset of the E5 collection. */
    E5,
    /** JSON lines of any data, one dataset per file. Not upstream's. */
    JSONL;

    @Override
    public String optionName() {
      return this == E5 ? "E5" : NamedOption.super.optionName();
    }
  }

  /**
   * How instructions are put before texts; none of these keys is upstream's.
   *
   * @param separator {@code instruction_separator}: what stands between an instruction and a query;
   *     upstream trains with {@code "; "} and encodes with {@code ": "}
   * @param onSymmetricDocuments {@code document_instructions} is {@code symmetric}: whether the
   *     documents of datasets whose documents are like their queries carry the instruction, too
   * @param ofPlainData {@code query_instruction}: the instruction of queries that come without one
   */
  public record Instructions(
      String separator, boolean onSymmetricDocuments, Optional<String> ofPlainData) {

    static Instructions read(ConfigValues values) {
      String documents = values.text("document_instructions", "none");
      if (!documents.equals("none") && !documents.equals("symmetric")) {
        throw values.invalid(
            "document_instructions", "expected none or symmetric, found \"" + documents + "\"");
      }
      return new Instructions(
          values.text("instruction_separator", "; "),
          documents.equals("symmetric"),
          values.optionalText("query_instruction"));
    }
  }

  static SupervisedConfig read(ConfigValues values) {
    Dataset dataset = values.choice("dataset_name", Dataset.E5);
    Instructions instructions = Instructions.read(values);
    if (dataset == Dataset.E5 && instructions.ofPlainData().isPresent()) {
      throw values.invalid(
          "query_instruction", "contradicts dataset_name E5, whose datasets bring instructions");
    }
    return new SupervisedConfig(
        ModelArguments.readForContrast(values),
        dataset,
        values.optionalText("dataset_file_path").map(Path::of),
        DataAccess.read(values),
        ContrastiveArguments.read(values),
        instructions,
        values.optionalText("experiment_id"),
        LoraArguments.read(values),
        TrainingArguments.read(values));
  }

  @Override
  public Path outputDir() {
    return training.run().outputDir().resolve(experimentId.orElseGet(() -> ExperimentId.of(this)));
  }

  /**
   * The folder name that upstream makes of the settings of a supervised run. A whole number of
   * epochs counts as an integer here; the part of a fractional one is left out, as upstream leaves
   * out what has another type than it expects.
   */
  static final class ExperimentId {

    private ExperimentId() {}

    static String of(SupervisedConfig config) {
      TrainingArguments training = config.training();
      ScheduleArguments schedule = training.schedule();
      String model = config.model().name();
      StringBuilder id = new StringBuilder();
      id.append(config.dataset().optionName()).append("_train");
      id.append("_m-").append(model.substring(model.lastIndexOf('/') + 1));
      id.append("_p-").append(config.contrast().pooling().optionName());
      TrainingArguments.Batches batches = training.batches();
      id.append("_b-").append(batches.trainBatchSize() * batches.accumulation());
      id.append("_l-").append(config.contrast().maxSeqLength());
      id.append("_bidirectional-").append(config.model().bidirectional() ? "True" : "False");
      appendWhole(id, "_e-", schedule.epochs());
      id.append("_s-").append(training.run().seed());
      appendWhole(id, "_w-", schedule.warmupSteps());
      id.append("_lr-").append(pythonFloat(training.optimizer().learningRate()));
      id.append("_lora_r-").append(config.lora().rank());
      return id.toString();
    }

    private static void appendWhole(StringBuilder id, String label, double value) {
      if (value == Math.rint(value)) {
        id.append(label).append((long) value);
      }
    }

    /** A double as Python prints it: plain from 1e-4 on, with a two-digit exponent below. */
    static String pythonFloat(double value) {
      String shortest = Double.toString(value);
      int exponentAt = shortest.indexOf('E');
      if (exponentAt < 0) {
        return shortest;
      }
      int exponent = Integer.parseInt(shortest.substring(exponentAt + 1));
      String digits = shortest.substring(0, exponentAt).replaceFirst("\\.0$", "");
      if (exponent < -4 || exponent >= 16) {
        return digits
            + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
      }
      String plain = new BigDecimal(shortest).stripTrailingZeros().toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
  }
}
