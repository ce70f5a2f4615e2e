/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.checkpoint.CheckpointResolver;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.encoder.ChatTemplate;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.node.ModelsFileWriter;
import io.github.llm2vec.solr.node.ServingLimits;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Declares the model of the demo's Solr, as a user of an installed one would do by hand. */
public record DemoModels(ModelFinder finder) {

  /**
   * What was declared.
   *
   * @param declaration for Solr's models file
   * @param dimensions width of the vectors
   * @param identity tells two declarations, or two contents of one model folder, apart
   */
  record Declared(ModelDeclaration declaration, int dimensions, String identity) {

    /** Writes the models file of a Solr. */
    void write(Path solrHome) throws IOException {
      ModelsFileWriter.write(solrHome.resolve(ModelsFile.NAME), List.of(declaration));
    }
  }

  /**
   * Finds the model, fetching it if that is allowed.
   *
   * @param options what the user typed
   * @param usual the model if none was named
   * @param queryInstruction for all queries
   */
  Declared declare(ModelOptions options, String usual, String queryInstruction) throws IOException {
    Llm2VecOptions settings = options.settings();
    requireKnownToSolr(settings);
    String model = absolute(options.model().orElse(usual));
    List<String> adapters = options.adapters().stream().map(DemoModels::absolute).toList();
    ModelDeclaration declaration =
        new ModelDeclaration(
            "default",
            model,
            adapters,
            Map.of(),
            settings.template().map(ChatTemplate::name).orElse(""),
            settings.pooling().map(Pooling::optionName).orElse(""),
            options.dtype().map(DType::configName).orElse(""),
            options.devices().stream().map(TorchDevice::toString).toList(),
            settings.threads().orElse(0),
            true,
            settings.maxLength().orElse(0),
            settings.docMaxLength().orElse(0),
            settings.dimensions().orElse(0),
            queryInstruction,
            "",
            ServingLimits.DEFAULTS,
            "",
            Optional.empty());
    ResolvedCheckpoint checkpoint =
        finder.find(
            options.allowDownload(),
            new CheckpointResolver.Request(model, adapters, Optional.empty()));
    int width = settings.dimensions().orElse(checkpoint.spec().outputSize());
    String identity =
        checkpoint.fingerprint() + "-" + Integer.toHexString(declaration.toString().hashCode());
    return new Declared(declaration, width, identity);
  }

  /** Solr's models file has no place for these. */
  private static void requireKnownToSolr(Llm2VecOptions settings) {
    if (settings.skipInstruction().isPresent()
        || settings.enableBidirectional().isPresent()
        || !settings.compatibility().equals(Compatibility.PUBLISHED)
        || settings.batchTokens().isPresent()) {
      throw new CliException(
          "the models file of Solr has no place for --skip-instruction, --enable-bidirectional,"
              + " --compat and --max-batch-tokens; leave them out");
    }
  }

  /** A folder is named absolutely, since Solr reads names relative to its home; an id stays. */
  private static String absolute(String model) {
    Path folder = Path.of(model);
    return Files.isDirectory(folder) ? folder.toAbsolutePath().toString() : model;
  }
}
