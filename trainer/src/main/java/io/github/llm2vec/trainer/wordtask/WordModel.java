/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.tokenclassification.WordStates;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.dataloader.TokenizerSettings;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The frozen encoder of a word task with its tokenizer. Owns the model.
 *
 * @param maxLength most tokens of a sentence
 * @param bidirectional whether tokens attend to later ones
 */
public record WordModel(Llm2Vec model, int maxLength, boolean bidirectional)
    implements AutoCloseable {

  /**
   * Where and how a model is opened.
   *
   * @param resolver where models may be looked for
   * @param device where it runs
   * @param listener told how far loading is
   */
  public record Opening(ResolverOptions resolver, TorchDevice device, LoadListener listener) {}

  /**
   * Opens the model of a configuration.
   *
   * @param maxLength {@code max_seq_length}, if it was given
   * @throws IOException if a part is missing or damaged
   */
  public static WordModel open(ModelArguments arguments, OptionalInt maxLength, Opening opening)
      throws IOException {
    ModelSource source =
        new ModelSource(arguments.name(), arguments.adapters(), opening.resolver());
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(source.resolver())
            .resolve(
                new CheckpointResolver.Request(
                    source.model(), source.adapters(), Optional.of(arguments.bidirectional())));
    int possible =
        checkpoint.spec().layers().stream()
            .mapToInt(layer -> layer.rope().maxLength())
            .min()
            .orElse(Integer.MAX_VALUE);
    int length =
        Math.min(
            possible,
            TokenizerSettings.read(checkpoint.tokenizerFolder()).sequenceLength(maxLength));
    Llm2VecOptions options =
        Llm2VecOptions.builder()
            .dtype(arguments.dtype().format().orElse(DType.FLOAT32))
            .device(opening.device())
            .enableBidirectional(arguments.bidirectional())
            .maxLength(length)
            .build();
    return new WordModel(
        Llm2Vec.open(source, options, opening.listener()), length, arguments.bidirectional());
  }

  Tokenizer tokenizer() {
    return model.tokenizer();
  }

  int hiddenSize() {
    return model.decoder().spec().outputSize();
  }

  WordStates states(boolean mergeSubwords) {
    return new WordStates(
        model.decoder(), mergeSubwords, Llm2VecOptions.defaults().maxBatchTokens());
  }

  /** Identity of the states: of the model, of its dtype and of what they are means of. */
  String identity(boolean mergeSubwords) {
    return String.join(
        " ",
        model.fingerprint(),
        model.decoder().options().dtype().configName(),
        mergeSubwords ? "words" : "tokens");
  }

  @Override
  public void close() {
    model.close();
  }
}
