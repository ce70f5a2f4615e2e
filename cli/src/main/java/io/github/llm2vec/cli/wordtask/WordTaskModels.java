/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.LoadingDisplay;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import io.github.llm2vec.trainer.config.ModelArguments;
import io.github.llm2vec.trainer.wordtask.WordModel;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * Opens the model that the configuration of a word task names, on a GPU if there is one.
 *
 * @param console shows progress
 * @param finder knows where models lie
 * @param allowDownload whether a model may be fetched
 */
record WordTaskModels(Console console, ModelFinder finder, boolean allowDownload) {

  /**
   * Opens a model.
   *
   * @param useCpu whether a GPU is left alone
   */
  WordModel open(ModelArguments arguments, OptionalInt maxLength, boolean useCpu)
      throws IOException {
    if (arguments.tokenizer().isPresent() || !arguments.revision().equals("main")) {
      throw new CliException(
          "tokenizer_name and model_revision are not followed in word tasks: give a folder with"
              + " the model and its tokenizer as model_name_or_path");
    }
    TorchDevice device =
        useCpu || TorchRuntime.gpuCount() == 0 ? TorchDevice.CPU : TorchDevice.of("cuda");
    try (LoadingDisplay display = new LoadingDisplay(console, System::nanoTime)) {
      ResolverOptions resolver = finder.resolver(allowDownload, display);
      if (arguments.cacheDir().isPresent()) {
        HubEnvironment hub = resolver.environment();
        resolver =
            new ResolverOptions(
                resolver.root(),
                resolver.allowDownloads(),
                new HubEnvironment(
                    arguments.cacheDir().get(), hub.endpoint(), hub.token(), hub.offline()),
                resolver.listener());
      }
      return WordModel.open(
          arguments, maxLength, new WordModel.Opening(resolver, device, display::loaded));
    }
  }
}
