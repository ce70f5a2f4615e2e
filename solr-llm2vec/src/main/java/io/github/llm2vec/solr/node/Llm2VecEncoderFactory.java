/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.ChatTemplates;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Opens a declared model with {@link Llm2Vec} and starts an {@link EncoderService} for it. Models
 * are looked for in folders and in the local cache of the Hugging Face hub; a server fetches
 * nothing by itself.
 *
 * @param root folder that all model folders must lie in, links followed; empty for any
 * @param queryVectors shared by all models
 */
record Llm2VecEncoderFactory(Optional<Path> root, QueryVectorCache queryVectors)
    implements EncoderFactory {

  @Override
  public EncoderService open(ModelDeclaration declaration) throws IOException {
    Llm2Vec model = Llm2Vec.open(source(declaration), options(declaration));
    try {
      for (Map.Entry<String, String> adapter : declaration.adaptersBeside().entrySet()) {
        model.openAdapter(adapter.getKey(), adapter.getValue());
      }
      return EncoderService.start(model, declaration.serving().toOptions(), queryVectors);
    } catch (IOException | RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  @Override
  public Optional<VectorIdentity> identify(ModelDeclaration declaration) throws IOException {
    return Optional.of(Llm2Vec.identify(source(declaration), options(declaration)));
  }

  private ModelSource source(ModelDeclaration declaration) {
    ModelSource anywhere =
        ModelSource.of(declaration.model(), declaration.adapters(), System.getenv());
    return root.map(
            folder ->
                new ModelSource(
                    anywhere.model(), anywhere.adapters(), anywhere.resolver().within(folder)))
        .orElse(anywhere);
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
    if (!declaration.devices().isEmpty()) {
      options.devices(declaration.devices().stream().map(TorchDevice::of).toList());
    }
    if (declaration.threads() > 0) {
      options.threads(declaration.threads());
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
