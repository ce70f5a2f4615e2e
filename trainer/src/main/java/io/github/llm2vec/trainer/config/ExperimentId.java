/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.math.BigDecimal;
import java.util.Locale;

/**
 * The folder name that upstream makes of the settings of a supervised run. A whole number of epochs
 * counts as an integer here; the part of a fractional one is left out, as upstream leaves out what
 * has another type than it expects.
 */
final class ExperimentId {

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
