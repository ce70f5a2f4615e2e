/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.encoder.ChatTemplates;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.model.DownloadListener;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.util.Map;

/** Opens a language model with the library of this project. */
final class Llm2VecOpener implements EncoderOpener {

  private final Map<String, String> environment;
  private final DownloadListener downloads;
  private final LoadListener loading;

  Llm2VecOpener(Map<String, String> environment, DownloadListener downloads, LoadListener loading) {
    this.environment = Map.copyOf(environment);
    this.downloads = downloads;
    this.loading = loading;
  }

  @Override
  public TextEncoder open(ModelOptions options) throws IOException {
    String model =
        options
            .model()
            .orElseThrow(() -> new CliException("--model is missing: name a folder or a hub id"));
    ModelSource source = ModelSource.of(model, options.adapters(), environment);
    if (options.allowDownload()) {
      source = new ModelSource(model, options.adapters(), source.resolver().downloading(downloads));
    }
    return Llm2Vec.open(source, encoderOptions(options), loading);
  }

  private static Llm2VecOptions encoderOptions(ModelOptions options) {
    Llm2VecOptions.Builder builder = Llm2VecOptions.builder();
    options.dtype().ifPresent(builder::dtype);
    options.device().map(TorchDevice::of).ifPresent(builder::device);
    options.pooling().map(Pooling::of).ifPresent(builder::pooling);
    options.template().map(ChatTemplates::named).ifPresent(builder::template);
    options.compat().map(Compatibility::parse).ifPresent(builder::compatibility);
    options.maxLength().ifPresent(builder::maxLength);
    options.docMaxLength().ifPresent(builder::docMaxLength);
    options.dims().ifPresent(builder::dimensions);
    if (options.normalize()) {
      builder.normalize(true);
    }
    return builder.build();
  }
}
