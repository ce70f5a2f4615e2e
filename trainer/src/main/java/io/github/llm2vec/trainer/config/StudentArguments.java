/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import io.github.llm2vec.encoder.Pooling;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The model that learns in distillation.
 *
 * @param base what it is made of
 * @param lora the adapter, or full fine-tuning
 * @param pooling {@code pooling_mode}
 * @param maxSeqLength {@code max_seq_length}, 512 if unsaid
 * @param miniBatch {@code mini_batch_size}, as in {@link ContrastiveArguments}
 * @param queryPrompt {@code query_prompt}: put before queries literally, and saved with the model
 */
public record StudentArguments(
    Base base,
    LoraArguments lora,
    Pooling pooling,
    int maxSeqLength,
    OptionalInt miniBatch,
    String queryPrompt) {

  private static final int DEFAULT_LENGTH = 512;

  /** What a student is made of. */
  public sealed interface Base {

    /** Whether tokens attend to later ones: {@code bidirectional}, true if unsaid. */
    boolean bidirectional();
  }

  /**
   * A model that is there.
   *
   * @param model its name, adapters, dtype and attention
   */
  public record Checkpoint(ModelArguments model) implements Base {

    @Override
    public boolean bidirectional() {
      return model.bidirectional();
    }
  }

  /**
   * A model with random weights.
   *
   * @param architecture {@code config_name}: the folder or file with its config.json
   * @param tokenizer {@code tokenizer_name}: the folder of its tokenizer
   * @param dtype {@code torch_dtype}: what it is saved in
   * @param bidirectional {@code bidirectional}
   * @param embeddings {@code initial_embeddings}: a {@code .npy} matrix, a row for each token, that
   *     the embeddings begin as
   */
  public record Fresh(
      Path architecture,
      Path tokenizer,
      ModelArguments.Dtype dtype,
      boolean bidirectional,
      Optional<Path> embeddings)
      implements Base {}

  static StudentArguments read(ConfigValues values) {
    LoraArguments lora = LoraArguments.read(values);
    Base base = values.has("config_name") ? fresh(values, lora) : checkpoint(values);
    Pooling pooling = values.choice("pooling_mode", Pooling.MEAN, Pooling::optionName);
    if (pooling == Pooling.BOS_TOKEN || pooling == Pooling.EOS_TOKEN || pooling == Pooling.MAX) {
      throw values.invalid(
          "pooling_mode",
          pooling.optionName() + " cannot be trained here; choose mean or last_token");
    }
    return new StudentArguments(
        base,
        lora,
        pooling,
        values.whole("max_seq_length", DEFAULT_LENGTH, 2),
        values.optionalWhole("mini_batch_size", 1),
        queryPrompt(values));
  }

  private static Checkpoint checkpoint(ConfigValues values) {
    values.optionalText("config_name");
    if (values.optionalText("initial_embeddings").isPresent()) {
      throw values.invalid(
          "initial_embeddings", "are those of a new model; name its config_name, too");
    }
    return new Checkpoint(ModelArguments.readForDistillation(values));
  }

  private static Fresh fresh(ConfigValues values, LoraArguments lora) {
    if (values.has("model_name_or_path")) {
      throw values.invalid(
          "config_name", "contradicts model_name_or_path; a new model has no checkpoint");
    }
    if (!lora.fullFinetuning()) {
      throw values.invalid(
          "config_name", "makes a new model, which is trained as a whole; set full_finetuning");
    }
    return new Fresh(
        Path.of(values.requiredText("config_name", "name a folder with a config.json")),
        Path.of(values.requiredText("tokenizer_name", "name a folder with a tokenizer.json")),
        values.choice("torch_dtype", ModelArguments.Dtype.FLOAT32),
        values.flag("bidirectional", true),
        values.optionalText("initial_embeddings").map(Path::of));
  }

  private static String queryPrompt(ConfigValues values) {
    String prompt = values.text("query_prompt", "");
    if (prompt.contains("{") || prompt.contains("}")) {
      throw values.invalid("query_prompt", "must not hold braces, found \"" + prompt + "\"");
    }
    return prompt;
  }
}
