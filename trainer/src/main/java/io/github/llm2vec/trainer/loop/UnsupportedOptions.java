/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.config.ContrastiveArguments;
import io.github.llm2vec.trainer.config.DistillConfig;
import io.github.llm2vec.trainer.config.MaskingArguments;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.RunArguments;
import io.github.llm2vec.trainer.config.SimcseConfig;
import io.github.llm2vec.trainer.config.StudentArguments;
import io.github.llm2vec.trainer.config.SupervisedConfig;
import io.github.llm2vec.trainer.config.TrainingArguments;
import java.util.List;
import java.util.Set;

/**
 * Refuses configurations that are valid but not supported by the training loop. They are refused by
 * name before anything is opened; what contradicts itself was refused when the configuration was
 * read.
 */
final class UnsupportedOptions {

  private static final String NDCG = "ndcg_at_10";
  private static final Set<String> FIGURES =
      Set.of("loss", "eval_loss", "accuracy", "eval_accuracy", NDCG, "eval_" + NDCG);

  private UnsupportedOptions() {}

  static void check(MntpConfig config) throws TrainingException {
    check(config.training());
    check(config.model());
    refuse(
        config.masking().token() == MaskingArguments.MaskToken.MASK,
        "mask_token_type",
        "mask adds a token to the embeddings, and an adapter holds none; use blank or eos, or a"
            + " tokenizer with a mask token");
    refuse(
        config.masking().maskFile().isPresent() && config.training().run().doEval(),
        "mask_file",
        "there is no evaluation beside it, since it holds training batches only; leave do_eval and"
            + " eval_strategy out");
    refuse(
        config.lora().fullFinetuning() && !config.masking().trainLmHead(),
        "train_lm_head",
        "false contradicts full_finetuning, which trains all weights");
  }

  static void check(SimcseConfig config) throws TrainingException {
    check(config.training(), config.model(), config.contrast());
  }

  static void check(SupervisedConfig config) throws TrainingException {
    check(config.training(), config.model(), config.contrast());
  }

  static void check(PretrainConfig config) throws TrainingException {
    check(config.training());
  }

  static void check(DistillConfig config) throws TrainingException {
    check(config.training());
    if (config.student().base() instanceof StudentArguments.Checkpoint checkpoint) {
      check(checkpoint.model());
    }
    checkMetric(config.training(), config.retrieval().isPresent(), false);
  }

  /** The best checkpoint needs a figure that there is. */
  private static void checkMetric(
      TrainingArguments training, boolean retrieval, boolean retrievalAlone)
      throws TrainingException {
    refuse(
        retrieval && !training.run().doEval(),
        "eval_retrieval",
        "nothing is evaluated without eval_strategy or do_eval");
    if (training.saving().loadBestModelAtEnd()) {
      String metric = training.saving().bestMetric();
      boolean ranked = metric.endsWith(NDCG);
      refuse(
          ranked ? !retrieval : retrievalAlone || metric.endsWith("accuracy"),
          "metric_for_best_model",
          "there is no " + metric + " here; use " + (retrieval ? NDCG : "loss"));
    }
  }

  private static void check(TrainingArguments training) throws TrainingException {
    refuse(
        training.precision().fp16(),
        "fp16",
        "gradients of float16 overflow without a scaled loss; use bf16");
    refuse(
        !training.run().doTrain() && !training.run().doEval(),
        "do_train",
        "neither do_train nor do_eval is true, so there is nothing to do; say do_train");
    checkDevices(training.run());
    refuse(
        !FIGURES.contains(training.saving().bestMetric()),
        "metric_for_best_model",
        "there is no figure " + training.saving().bestMetric() + "; use loss or accuracy");
  }

  private static void checkDevices(RunArguments run) throws TrainingException {
    boolean gpu = false;
    try {
      gpu = !run.devices().isEmpty() && hasGpu(TorchDevice.listOf(String.join(",", run.devices())));
    } catch (IllegalArgumentException e) {
      refuse(true, "device", String.valueOf(e.getMessage()));
    }
    refuse(gpu && run.useCpu(), "device", "it lists a GPU, but use_cpu leaves GPUs alone");
  }

  private static boolean hasGpu(List<TorchDevice> devices) {
    return devices.stream().anyMatch(device -> device.type() == TorchDevice.Type.CUDA);
  }

  private static void check(ModelArguments model) throws TrainingException {
    refuse(
        model.dtype() == ModelArguments.Dtype.FLOAT16,
        "torch_dtype",
        "gradients of float16 overflow without a scaled loss; use bfloat16");
  }

  private static void check(
      TrainingArguments training, ModelArguments model, ContrastiveArguments contrast)
      throws TrainingException {
    check(training);
    check(model);
    refuse(
        contrast.lossInModelDtype() && model.dtype() != ModelArguments.Dtype.FLOAT32,
        "loss_dtype",
        "the loss is always computed in float32, which is more exact than the model's dtype; leave"
            + " it out");
    boolean retrieval = contrast.retrieval().isPresent();
    String reason =
        "contrastive training has no validation data, as in upstream; name a retrieval set by"
            + " eval_retrieval, or evaluate the result with tasks";
    refuse(
        !retrieval && training.evaluation().strategy() != TrainingArguments.IntervalStrategy.NO,
        "eval_strategy",
        reason);
    refuse(!retrieval && training.evaluation().onStart(), "eval_on_start", reason);
    checkMetric(training, retrieval, true);
    refuse(!training.run().doTrain(), "do_train", "is false, so there is nothing to do");
  }

  private static void refuse(boolean condition, String key, String reason)
      throws TrainingException {
    if (condition) {
      throw new TrainingException("key " + key + " asks for what cannot be done: " + reason);
    }
  }
}
