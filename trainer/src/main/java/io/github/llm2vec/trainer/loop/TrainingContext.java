/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.lora.LoraAdapterWriter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.LanguageModelHead;
import io.github.llm2vec.torch.LoraOptions;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import io.github.llm2vec.torch.TrainOptions;
import io.github.llm2vec.torch.TrainableParameters;
import io.github.llm2vec.torch.TrainableParameters.AllParameters;
import io.github.llm2vec.trainer.checkpoint.AdapterFiles;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles.Encoding;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.WholeModelFiles;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.LoraArguments;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.config.ModelDtype;
import io.github.llm2vec.trainer.config.PretrainConfig;
import io.github.llm2vec.trainer.config.TextDataArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DatasetFolders;
import io.github.llm2vec.trainer.dataloader.ContrastiveDataLoaders;
import io.github.llm2vec.trainer.dataloader.LanguageModelingData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What all kinds of training have in common: a model that was found, and how it is trained.
 *
 * @param run the run
 * @param base the model
 * @param trained what of the model is trained
 * @param computed the format that it is computed in
 * @param stored the format that whole models are saved in
 * @param training everything else configured
 * @param tools the world around
 */
record TrainingContext(
    Run run,
    BaseModel base,
    TrainableParameters trained,
    DType computed,
    DType stored,
    TrainingArguments training,
    TrainingEnvironment tools) {

  /** Training on top of a model. */
  static TrainingContext of(
      Run run,
      BaseModel base,
      ModelArguments model,
      LoraArguments lora,
      TrainingEnvironment tools) {
    TrainingArguments training = run.arguments();
    TrainableParameters trained =
        lora.fullFinetuning()
            ? new AllParameters()
            : new LoraOptions(lora.rank(), lora.alpha(), lora.dropout(), LoraOptions.ALL_TARGETS);
    DType loaded = dtype(model.dtype(), base);
    // Under bf16 matrices are bfloat16, whatever they were loaded as.
    DType computed = training.precision().bf16() ? DType.BFLOAT16 : loaded;
    return new TrainingContext(run, base, trained, computed, loaded, training, tools);
  }

  /** Training of a new model. */
  static TrainingContext of(
      Run run, BaseModel base, PretrainConfig config, TrainingEnvironment tools) {
    TrainingArguments training = run.arguments();
    DType computed = training.precision().bf16() ? DType.BFLOAT16 : DType.FLOAT32;
    return new TrainingContext(
        run, base, new AllWeights(), computed, dtype(config.dtype(), base), training, tools);
  }

  private static DType dtype(ModelDtype dtype, BaseModel base) {
    return switch (dtype) {
      case AUTO -> base.config().storedType().orElse(DType.FLOAT32);
      case BFLOAT16 -> DType.BFLOAT16;
      case FLOAT16 -> DType.FLOAT16;
      case FLOAT32 -> DType.FLOAT32;
    };
  }

  /**
   * The output layer of a language model.
   *
   * @param train whether to train one that is not the embedding
   */
  LanguageModelHead head(boolean train) {
    if (base.config().tiedEmbeddings()) {
      return LanguageModelHead.TIED;
    }
    return train ? LanguageModelHead.TRAINED : LanguageModelHead.FROZEN;
  }

  /** Opens the model for training. */
  TrainableModel open(LanguageModelHead head, int maxTokens, double attentionDropout)
      throws IOException {
    TrainOptions options =
        TrainOptions.of(trained, head, maxTokens, training.run().seed())
            .withDtype(computed)
            .withDevice(device())
            .withAttentionDropout(attentionDropout)
            .withLayerDrop(training.precision().layerDrop())
            .withGradientCheckpointing(training.precision().gradientCheckpointing());
    return base.open(options, tools.loading());
  }

  private TorchDevice device() {
    boolean gpu = !training.run().useCpu() && TorchRuntime.gpuCount() > 0;
    return gpu ? TorchDevice.of("cuda:0") : TorchDevice.CPU;
  }

  /**
   * What a token costs: a multiplication and an addition per weight forward, as many for the
   * gradient of its input, and again for that of the weight if it is trained; forward once more
   * where layers are computed again.
   *
   * @param scored share of the tokens that logits are computed for
   */
  TrainingStart.Cost cost(double scored) {
    DecoderSpec spec = base.config().spec();
    // Those that are left out cost nothing.
    double weights =
        (1 - training.precision().layerDrop())
            * DecoderLayout.of(spec).linears().values().stream()
                .mapToDouble(linear -> (double) linear.in() * linear.out())
                .sum();
    double logits = scored * spec.hiddenSize() * spec.vocabSize();
    int passes = trained instanceof AllParameters ? 3 : 2;
    int again = training.precision().gradientCheckpointing() ? 1 : 0;
    return new TrainingStart.Cost(
        2 * (weights * (passes + again) + logits * passes), computed, device());
  }

  /**
   * How the result is saved.
   *
   * @param encoding how texts are encoded with it; empty if it is no encoder
   */
  ModelFiles files(Optional<Encoding> encoding) {
    AuxiliaryFiles companions = new AuxiliaryFiles(base.tokenizerFolder(), encoding);
    if (trained instanceof LoraOptions lora) {
      return new AdapterFiles(
          new LoraAdapterWriter.Config(
              base.name(), lora.rank(), lora.alpha(), lora.dropout(), lora.targets()),
          companions);
    }
    return new WholeModelFiles(base.configFile(), stored, companions);
  }

  /** Upstream's settings of an encoder that is trained with a pooling and a length. */
  static Encoding encoding(String pooling, int maxLength) {
    return new Encoding(pooling, maxLength, TextSettings.DEFAULT_DOC_MAX_LENGTH);
  }

  LanguageModelingData.Tools languageTools(TextDataArguments data, CorruptLines corrupt) {
    return new LanguageModelingData.Tools(
        base.tokenizer(),
        base.tokenizerFolder(),
        new DatasetFolders(data.access().datasetDir(), tools.models().environment().cache()),
        cache(data.access()),
        corrupt,
        tools.tokenizerThreads());
  }

  ContrastiveDataLoaders.Tools contrastiveTools(DataAccess access, CorruptLines corrupt) {
    return new ContrastiveDataLoaders.Tools(
        base.tokenizer(), base.textSettings(), cache(access), corrupt);
  }

  private Path cache(DataAccess access) {
    return access.cacheDir().orElse(run.folder().resolve("data-cache"));
  }

  /** Says how many lines of data were left out. */
  void report(CorruptLines corrupt) {
    if (corrupt.skipped() > 0) {
      new CallbackHandler(tools.listeners())
          .note(
              corrupt.skipped()
                  + " lines of data could not be understood and are left out, such as "
                  + String.join("; ", corrupt.examples()));
    }
  }
}
