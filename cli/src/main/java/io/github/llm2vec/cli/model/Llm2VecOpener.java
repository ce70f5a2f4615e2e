/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.ModelSource;
import java.io.IOException;

/**
 * Opens a language model with the library of this project and shows how far loading is.
 *
 * @param console shows progress
 * @param finder knows where models lie
 */
public record Llm2VecOpener(Console console, ModelFinder finder) implements EncoderOpener {

  @Override
  public Llm2Vec open(ModelOptions options) throws IOException {
    String model =
        options.model().orElseThrow(() -> new CliException("no model was given, see --model"));
    try (LoadingDisplay display = new LoadingDisplay(console)) {
      ModelSource source =
          new ModelSource(
              model, options.adapters(), finder.resolver(options.allowDownload(), display));
      return Llm2Vec.open(source, options.settings(), display::loaded);
    }
  }
}
