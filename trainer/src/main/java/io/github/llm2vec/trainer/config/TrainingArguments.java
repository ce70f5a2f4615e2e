/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Hugging Face's {@code TrainingArguments} as far as they mean something here; names and defaults
 * are those of transformers 4.44.
 *
 * @param run where the run writes and how it starts
 * @param batches how many examples are taken at once
 * @param optimizer AdamW
 * @param schedule length and learning rate
 * @param precision arithmetic and memory
 * @param logging when losses are logged
 * @param evaluation when the model is evaluated
 * @param saving when checkpoints are written
 */
public record TrainingArguments(
    RunArguments run,
    Batches batches,
    Optimizer optimizer,
    ScheduleArguments schedule,
    Precision precision,
    Logging logging,
    Evaluation evaluation,
    SaveArguments saving) {

  /** With upstream's default of {@code stop_after_n_steps}. */
  static TrainingArguments read(ConfigValues values) {
    return read(values, ScheduleArguments.UPSTREAM_STOP);
  }

  /** With another default of {@code stop_after_n_steps}. */
  static TrainingArguments read(ConfigValues values, OptionalInt stopAfter) {
    HuggingFaceKeys.apply(values);
    Logging logging = Logging.read(values);
    Evaluation evaluation = Evaluation.read(values, logging.interval());
    return new TrainingArguments(
        RunArguments.read(values, evaluation.happens()),
        Batches.read(values),
        Optimizer.read(values),
        ScheduleArguments.read(values, stopAfter),
        Precision.read(values),
        logging,
        evaluation,
        SaveArguments.read(values, evaluation));
  }

  static Interval interval(ConfigValues values, String key, double fallback) {
    double value = values.decimal(key, fallback, ConfigValues.Range.POSITIVE);
    if (!Interval.isPossible(value)) {
      throw values.invalid(
          key, "expected a whole number of steps, or a share of the run below 1, found " + value);
    }
    return new Interval(value);
  }

  /**
   * Every how many updates something happens.
   *
   * @param value a whole number of updates, or below 1 a share of the whole run
   */
  public record Interval(double value) {

    /** Checks the number. */
    public Interval {
      if (!isPossible(value)) {
        throw new IllegalArgumentException(
            "an interval is a whole number of updates or a share between 0 and 1, got " + value);
      }
    }

    static boolean isPossible(double value) {
      return value > 0 && value < Integer.MAX_VALUE && (value < 1 || value == Math.rint(value));
    }

    /**
     * The interval in updates.
     *
     * @param totalUpdates updates of the whole run
     */
    public long updates(long totalUpdates) {
      return value < 1 ? Math.max(1, (long) Math.ceil(totalUpdates * value)) : (long) value;
    }
  }

  /** When something happens that happens again and again. */
  public enum IntervalStrategy implements NamedOption {
    /** Never. */
    NO,
    /** After every so many updates. */
    STEPS,
    /** At the end of every epoch. */
    EPOCH
  }

  /**
   * How many examples are taken at once.
   *
   * @param trainBatchSize {@code per_device_train_batch_size}
   * @param evalBatchSize {@code per_device_eval_batch_size}
   * @param accumulation {@code gradient_accumulation_steps}: batches per update
   * @param dropLast {@code dataloader_drop_last}: whether a last batch that is not full is left out
   */
  public record Batches(int trainBatchSize, int evalBatchSize, int accumulation, boolean dropLast) {

    static Batches read(ConfigValues values) {
      return new Batches(
          values.whole("per_device_train_batch_size", 8, 1),
          values.whole("per_device_eval_batch_size", 8, 1),
          values.whole("gradient_accumulation_steps", 1, 1),
          values.flag("dataloader_drop_last", false));
    }
  }

  /**
   * When losses are logged.
   *
   * @param strategy {@code logging_strategy}
   * @param interval {@code logging_steps}
   * @param firstStep {@code logging_first_step}: whether the first update is logged, too
   */
  public record Logging(
      TrainingArguments.IntervalStrategy strategy,
      TrainingArguments.Interval interval,
      boolean firstStep) {

    static Logging read(ConfigValues values) {
      return new Logging(
          values.choice("logging_strategy", TrainingArguments.IntervalStrategy.STEPS),
          TrainingArguments.interval(values, "logging_steps", 500),
          values.flag("logging_first_step", false));
    }
  }

  /**
   * When a model is evaluated while it is trained.
   *
   * @param strategy {@code eval_strategy} (or {@code evaluation_strategy})
   * @param interval {@code eval_steps}, if unsaid that of logging
   * @param delay {@code eval_delay}: epochs or updates, as the strategy has it, before the first
   *     time
   * @param onStart {@code eval_on_start}: whether the untrained model is evaluated, too
   */
  public record Evaluation(
      TrainingArguments.IntervalStrategy strategy,
      TrainingArguments.Interval interval,
      double delay,
      boolean onStart) {

    static Evaluation read(ConfigValues values, TrainingArguments.Interval logging) {
      return new Evaluation(
          values.choice("eval_strategy", TrainingArguments.IntervalStrategy.NO),
          TrainingArguments.interval(values, "eval_steps", logging.value()),
          values.decimal("eval_delay", 0, ConfigValues.Range.NOT_NEGATIVE),
          values.flag("eval_on_start", false));
    }

    /** Whether there is any evaluation while training. */
    public boolean happens() {
      return strategy != TrainingArguments.IntervalStrategy.NO || onStart;
    }
  }

  /**
   * Arithmetic and memory of a training pass. Without a flag everything is computed in the model's
   * own dtype ({@code torch_dtype}).
   *
   * @param bf16 {@code bf16}: bfloat16 in matrix products, float32 elsewhere
   * @param fp16 {@code fp16}: the same with float16 and scaled losses
   * @param gradientCheckpointing {@code gradient_checkpointing}: whether layers are computed again
   *     in the backward pass rather than remembered; if unsaid, where a batch would need more
   *     memory than there is
   * @param layerDrop the probability with which an update leaves a layer out; its key is written in
   *     lower case as in config.json of OPT, and is not an argument of transformers' trainer
   */
  public record Precision(
      boolean bf16, boolean fp16, Optional<Boolean> gradientCheckpointing, double layerDrop) {

    static Precision read(ConfigValues values) {
      boolean bf16 = values.flag("bf16", false);
      boolean fp16 = values.flag("fp16", false);
      if (bf16 && fp16) {
        throw values.invalid("fp16", "contradicts bf16; keep one of them");
      }
      values
          .known("gradient_checkpointing_kwargs")
          .ifPresent(
              given -> {
                boolean onlyReentrant = given.size() == 1 && given.has("use_reentrant");
                if (!given.isObject() || !(given.isEmpty() || onlyReentrant)) {
                  throw values.invalid(
                      "gradient_checkpointing_kwargs",
                      "only use_reentrant is known, which makes no difference here, found "
                          + given);
                }
              });
      return new Precision(
          bf16,
          fp16,
          values.optionalFlag("gradient_checkpointing"),
          values.decimal("layerdrop", 0, ConfigValues.Range.BELOW_ONE));
    }
  }

  /**
   * AdamW with decoupled weight decay, and the limit of gradients.
   *
   * @param learningRate {@code learning_rate}
   * @param embeddingLearningRate {@code embedding_learning_rate}: that of the token embeddings, the
   *     last norm and the head, where all weights are trained; {@code learning_rate} if it isn't
   *     given. Follows the same schedule. Not in transformers; unsloth has the key
   * @param weightDecay {@code weight_decay}; biases and norm weights are not decayed
   * @param beta1 {@code adam_beta1}
   * @param beta2 {@code adam_beta2}
   * @param epsilon {@code adam_epsilon}
   * @param maxGradNorm {@code max_grad_norm}: largest norm of all gradients together; 0 for any
   */
  public record Optimizer(
      double learningRate,
      double embeddingLearningRate,
      double weightDecay,
      double beta1,
      double beta2,
      double epsilon,
      double maxGradNorm) {

    private static final Set<String> ADAM_W =
        Set.of("adamw_torch", "adamw_torch_fused", "adamw_hf");

    static Optimizer read(ConfigValues values) {
      String name = values.text("optim", "adamw_torch");
      if (!ADAM_W.contains(name)) {
        throw values.invalid("optim", "expected adamw_torch, found \"" + name + "\"");
      }
      double learningRate = values.decimal("learning_rate", 5e-5, ConfigValues.Range.NOT_NEGATIVE);
      return new Optimizer(
          learningRate,
          values.decimal("embedding_learning_rate", learningRate, ConfigValues.Range.NOT_NEGATIVE),
          values.decimal("weight_decay", 0.0, ConfigValues.Range.NOT_NEGATIVE),
          values.decimal("adam_beta1", 0.9, ConfigValues.Range.BELOW_ONE),
          values.decimal("adam_beta2", 0.999, ConfigValues.Range.BELOW_ONE),
          values.decimal("adam_epsilon", 1e-8, ConfigValues.Range.NOT_NEGATIVE),
          values.decimal("max_grad_norm", 1.0, ConfigValues.Range.NOT_NEGATIVE));
    }
  }
}
