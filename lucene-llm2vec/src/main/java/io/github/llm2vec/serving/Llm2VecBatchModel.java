/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.tokenizer.TokenSpans;
import io.github.llm2vec.torch.DecoderOptions;
import io.github.llm2vec.torch.DeviceException;
import io.github.llm2vec.torch.TorchDevice;
import java.util.List;
import java.util.Optional;

/** A language model as a service runs it. Owns the model. */
final class Llm2VecBatchModel implements BatchModel {

  private final Llm2Vec model;

  Llm2VecBatchModel(Llm2Vec model) {
    this.model = model;
  }

  @Override
  public int dimensions() {
    return model.dimensions();
  }

  @Override
  public String fingerprint() {
    return model.fingerprint();
  }

  @Override
  public BatchLayout layout() {
    boolean gpu = model.decoder().options().device().type() == TorchDevice.Type.CUDA;
    return gpu ? BatchLayout.PADDED_ATTENTION : BatchLayout.PACKED;
  }

  @Override
  public Optional<TokenSpans> tokenSpans(String text) {
    return model.tokenSpans(text);
  }

  @Override
  public ModelFacts facts() {
    DecoderOptions options = model.decoder().options();
    return new ModelFacts(
        options.device().toString(),
        options.dtype().configName(),
        model.decoder().kernelDescription());
  }

  @Override
  public int maxBatchTokens() {
    return model.maxBatchTokens();
  }

  @Override
  public TokenizedText tokenize(String text, Prompt prompt) {
    return model.tokenize(text, prompt);
  }

  @Override
  public List<TokenizedText> tokenizeAll(List<String> texts, Prompt prompt) {
    return model.tokenizeAll(texts, prompt);
  }

  @Override
  public float[][] encode(List<TokenizedText> texts) {
    try {
      return model.encodeTokenized(texts);
    } catch (DeviceException e) {
      if (e.outOfMemory()) {
        throw new DeviceOutOfMemoryException(e.getMessage(), e);
      }
      throw e;
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
