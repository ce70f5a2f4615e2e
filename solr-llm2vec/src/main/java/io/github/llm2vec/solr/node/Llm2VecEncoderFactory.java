/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.model.DType;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.util.Map;

/** Opens a declared model with the engine of this project. A node never downloads a model. */
final class Llm2VecEncoderFactory implements EncoderFactory {

  private final Map<String, String> environment;

  /**
   * Creates a factory.
   *
   * @param environment variables that say where the local hub cache lies
   */
  Llm2VecEncoderFactory(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public TextEncoder open(ModelDeclaration declaration) throws IOException {
    return Llm2Vec.open(
        ModelSource.of(declaration.model(), declaration.adapters(), environment),
        options(declaration));
  }

  private static Llm2VecOptions options(ModelDeclaration declaration) {
    Llm2VecOptions.Builder builder = Llm2VecOptions.builder().normalize(declaration.normalize());
    if (!declaration.dtype().isEmpty()) {
      builder.dtype(DType.of(declaration.dtype()));
    }
    if (!declaration.device().isEmpty()) {
      builder.device(TorchDevice.of(declaration.device()));
    }
    if (!declaration.pooling().isEmpty()) {
      builder.pooling(Pooling.of(declaration.pooling()));
    }
    if (declaration.maxLength() > 0) {
      builder.maxLength(declaration.maxLength());
    }
    if (declaration.docMaxLength() > 0) {
      builder.docMaxLength(declaration.docMaxLength());
    }
    if (declaration.dimensions() > 0) {
      builder.dimensions(declaration.dimensions());
    }
    return builder.build();
  }
}
