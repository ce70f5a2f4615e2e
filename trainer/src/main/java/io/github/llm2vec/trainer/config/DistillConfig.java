/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A run of distillation: a student learns a teacher's vectors. Not upstream's.
 *
 * @param student the model that learns
 * @param teacher where the vectors come from that it learns
 * @param data the texts
 * @param loss what is minimised
 * @param retrieval what is evaluated on beside held-out texts
 * @param training everything else
 */
public record DistillConfig(
    StudentArguments student,
    TeacherArguments teacher,
    Data data,
    Loss loss,
    Optional<RetrievalArguments> retrieval,
    TrainingArguments training)
    implements TrainConfig {

  /** How texts lie on disk. */
  public enum Dataset implements NamedOption {
    /** Texts that are all alike. */
    TEXT,
    /** Queries and documents, as supervised training reads them. */
    JSONL
  }

  /**
   * The texts.
   *
   * @param dataset {@code dataset_name}
   * @param trainFile {@code train_file}; for pairs also a folder
   * @param validationFile {@code validation_file}
   * @param validationPercent {@code validation_split_percentage}: the part at the start of the
   *     training set that is held out if there is no validation file and the run evaluates
   * @param maxTrainSamples {@code max_train_samples}
   * @param maxEvalSamples {@code max_eval_samples}
   * @param access where data is kept
   */
  public record Data(
      Dataset dataset,
      Path trainFile,
      Optional<Path> validationFile,
      int validationPercent,
      OptionalInt maxTrainSamples,
      OptionalInt maxEvalSamples,
      DataAccess access) {

    static Data read(ConfigValues values) {
      return new Data(
          values.choice("dataset_name", Dataset.TEXT),
          Path.of(values.requiredText("train_file", "name the file of texts")),
          values.optionalText("validation_file").map(Path::of),
          TextDataArguments.percent(values),
          values.optionalWhole("max_train_samples", 1),
          values.optionalWhole("max_eval_samples", 1),
          DataAccess.read(values));
    }
  }

  /** {@code dense_head}: whether a linear layer follows the student's pooling. */
  public enum DenseHead implements NamedOption {
    /** Where widths differ and vectors are compared. */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER
  }

  /**
   * The weighted sum of losses.
   *
   * @param cosine {@code cosine_weight}
   * @param squaredError {@code mse_weight}
   * @param similarity {@code similarity_weight}
   * @param contrastive {@code contrastive_weight}
   * @param similarityTemperature {@code similarity_temperature}
   * @param contrastiveTemperature {@code contrastive_temperature}
   * @param head {@code dense_head}
   * @param normalize {@code normalize}: whether the student's vectors are scaled to length one; if
   *     unsaid, whether the teacher's have that length
   * @param matryoshka widths and weights, which are divided by their sum
   */
  public record Loss(
      double cosine,
      double squaredError,
      double similarity,
      double contrastive,
      double similarityTemperature,
      double contrastiveTemperature,
      DenseHead head,
      Optional<Boolean> normalize,
      MatryoshkaArguments matryoshka) {

    /** Whether a student's vectors are compared with a teacher's, which then share their width. */
    public boolean comparesVectors() {
      return cosine > 0 || squaredError > 0 || contrastive > 0;
    }

    static Loss read(ConfigValues values) {
      Loss loss =
          new Loss(
              weight(values, "cosine_weight", 1),
              weight(values, "mse_weight", 0),
              weight(values, "similarity_weight", 0),
              weight(values, "contrastive_weight", 0),
              values.decimal("similarity_temperature", 0.05, ConfigValues.Range.POSITIVE),
              values.decimal("contrastive_temperature", 0.05, ConfigValues.Range.POSITIVE),
              values.choice("dense_head", DenseHead.AUTO),
              values.optionalFlag("normalize"),
              MatryoshkaArguments.read(values));
      if (!loss.comparesVectors() && loss.similarity() == 0) {
        throw values.invalid(
            "cosine_weight",
            "is 0, as are mse_weight, similarity_weight and contrastive_weight, so that there is"
                + " nothing to learn");
      }
      return loss;
    }

    private static double weight(ConfigValues values, String key, double fallback) {
      return values.decimal(key, fallback, ConfigValues.Range.NOT_NEGATIVE);
    }
  }

  static DistillConfig read(ConfigValues values) {
    DistillConfig config =
        new DistillConfig(
            StudentArguments.read(values),
            TeacherArguments.read(values),
            Data.read(values),
            Loss.read(values),
            RetrievalArguments.read(values),
            TrainingArguments.read(values, OptionalInt.empty()));
    config.check(values);
    return config;
  }

  private void check(ConfigValues values) {
    if (!(teacher instanceof TeacherArguments.Vectors)) {
      return;
    }
    if (data.dataset() == Dataset.JSONL) {
      throw values.invalid(
          "teacher_vectors", "belong to the texts of dataset_name text, not to pairs");
    }
    if (data.validationFile().isPresent()) {
      throw values.invalid(
          "validation_file",
          "has no vectors among teacher_vectors; use validation_split_percentage");
    }
  }
}
