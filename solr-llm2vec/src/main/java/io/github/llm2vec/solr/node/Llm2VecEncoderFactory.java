/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.ChatTemplates;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.model.DType;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;

/**
 * Opens a declared model with the engine of this project. Models are looked for in folders and in
 * the local cache of the Hugging Face hub; a server fetches nothing by itself.
 */
final class Llm2VecEncoderFactory implements EncoderFactory {

  @Override
  public TextEncoder open(ModelDeclaration declaration) throws IOException {
    ModelSource source =
        ModelSource.of(declaration.model(), declaration.adapters(), System.getenv());
    return Llm2Vec.open(source, options(declaration));
  }

  private static Llm2VecOptions options(ModelDeclaration declaration) {
    Llm2VecOptions.Builder options = Llm2VecOptions.builder().normalize(declaration.normalize());
    if (!declaration.template().isEmpty()) {
      options.template(ChatTemplates.named(declaration.template()));
    }
    if (!declaration.pooling().isEmpty()) {
      options.pooling(Pooling.of(declaration.pooling()));
    }
    if (!declaration.dtype().isEmpty()) {
      options.dtype(DType.of(declaration.dtype()));
    }
    if (!declaration.device().isEmpty()) {
      options.device(TorchDevice.of(declaration.device()));
    }
    if (declaration.maxLength() > 0) {
      options.maxLength(declaration.maxLength());
    }
    if (declaration.docMaxLength() > 0) {
      options.docMaxLength(declaration.docMaxLength());
    }
    if (declaration.dimensions() > 0) {
      options.dimensions(declaration.dimensions());
    }
    return options.build();
  }
}
