/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import io.github.llm2vec.safetensors.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The model that is trained, and where it is found.
 *
 * @param name {@code model_name_or_path}: a hub id or a folder
 * @param adapters {@code peft_model_name_or_path} (word tasks: {@code peft_addr}): LoRA adapters
 *     that are put on it, in this order; upstream knows one, a list is possible here
 * @param tokenizer {@code tokenizer_name}: where the tokenizer is, if not with the model
 * @param revision {@code model_revision}: branch, tag or commit on the hub
 * @param cacheDir {@code cache_dir}: the hub cache to look in, if not the usual one
 * @param dtype {@code torch_dtype}
 * @param bidirectional {@code bidirectional}: whether tokens attend to later ones
 */
public record ModelArguments(
    String name,
    List<String> adapters,
    Optional<String> tokenizer,
    String revision,
    Optional<Path> cacheDir,
    Dtype dtype,
    boolean bidirectional) {

  /** Copies the list. */
  public ModelArguments {
    adapters = List.copyOf(adapters);
  }

  /** The model of a masked-language-model run, which is always bidirectional and has no adapter. */
  static ModelArguments readForMntp(ConfigValues values) {
    return read(values, List.of(), true);
  }

  /** The model of a contrastive run. */
  static ModelArguments readForContrast(ConfigValues values) {
    return read(
        values,
        values.texts("peft_model_name_or_path", List.of()),
        values.flag("bidirectional", false));
  }

  /** The student of distillation, which is an encoder and bidirectional unless that is denied. */
  static ModelArguments readForDistillation(ConfigValues values) {
    return read(
        values,
        values.texts("peft_model_name_or_path", List.of()),
        values.flag("bidirectional", true));
  }

  /** The model of a word task. */
  static ModelArguments readForWordTask(ConfigValues values) {
    return read(values, values.texts("peft_addr", List.of()), values.flag("bidirectional", true));
  }

  private static ModelArguments read(
      ConfigValues values, List<String> adapters, boolean bidirectional) {
    HuggingFaceKeys.OfModels.refuse(values);
    return new ModelArguments(
        values.requiredText("model_name_or_path", "name a model folder or a hub id"),
        adapters,
        values.optionalText("tokenizer_name"),
        values.text("model_revision", "main"),
        values.optionalText("cache_dir").map(Path::of),
        values.choice("torch_dtype", Dtype.FLOAT32),
        bidirectional);
  }

  /** The dtype that a model's weights are loaded in. */
  public enum Dtype implements NamedOption {
    /** The dtype of the checkpoint. */
    AUTO,
    /** bfloat16. */
    BFLOAT16,
    /** float16. */
    FLOAT16,
    /** float32, where nothing is said. */
    FLOAT32;

    /** The format, or empty for that of the checkpoint. */
    public Optional<DType> format() {
      return this == AUTO ? Optional.empty() : Optional.of(DType.of(optionName()));
    }
  }
}
