/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderWeights;
import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.MergedWeights;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a base and its adapters into a plain checkpoint that gives the same vectors: weights merged
 * tensor by tensor, so that a model of any size needs little memory, and the files beside them.
 *
 * <p>Everything the base has stays, under its names (also the head of a language model), in the
 * format in which it is stored unless another is asked for. {@code config.json} is written last.
 *
 * @param dtype to store the weights in; empty for the format in which the base has them
 */
public record CheckpointMerger(ResolvedCheckpoint checkpoint, Optional<DType> dtype) {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointMerger.class);

  // What other programs want of a tokenizer beside what we read.
  private static final List<String> MORE_TOKENIZER_FILES =
      List.of("tokenizer.model", "vocab.json", "merges.txt", "chat_template.jinja");

  /**
   * Writes the merged checkpoint.
   *
   * @param output folder, made if need be; it must not hold a model
   * @throws java.nio.file.FileAlreadyExistsException if it does
   * @throws ModelFormatException if a file is damaged or the merge gives NaN or infinity
   * @throws IOException if reading or writing fails
   */
  public void merge(Path output, MergeListener listener) throws IOException {
    CheckpointWriter.requireNoModel(output);
    ObjectNode config =
        CheckpointWriter.readConfig(
            checkpoint.parts().weights().required(DecoderConfig.FILE_NAME, "Fetch the model"));
    Files.createDirectories(output);
    writeWeights(output, listener);
    copyFiles(output);
    // Templates are chosen by it, and a hub's name would be lost with the cache's folder.
    if (!checkpoint.nameOrPath().isEmpty()) {
      config.put("_name_or_path", checkpoint.nameOrPath());
    }
    dtype.ifPresent(format -> CheckpointWriter.storedIn(config, format));
    CheckpointWriter.writeConfig(output.resolve(DecoderConfig.FILE_NAME), config);
    keepAttention(output, config);
  }

  private void writeWeights(Path output, MergeListener listener) throws IOException {
    // Complete and of the right shapes, before anything is written.
    checkpoint.openWeights().close();
    List<LoraAdapter> adapters = checkpoint.openAdapters();
    ModelFolder folder = checkpoint.parts().weights();
    try (TensorSource base = DecoderWeights.openStored(folder)) {
      String prefix = DecoderWeights.prefix(folder, base);
      String embedding =
          DecoderWeights.embedding(base, prefix, checkpoint.config().tiedEmbeddings());
      MergedWeights merged =
          new MergedWeights(
              base,
              name ->
                  name.equals(embedding)
                      ? "embed_tokens.weight"
                      : name.startsWith(prefix) ? name.substring(prefix.length()) : "",
              adapters,
              dtype);
      List<String> names = readable(merged);
      long total = names.stream().mapToLong(name -> elements(merged, name)).sum();
      long[] done = {0};
      List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
      for (String name : names) {
        SafetensorsWriter.Tensor tensor = SafetensorsWriter.Tensor.of(merged, name);
        tensors.add(
            new SafetensorsWriter.Tensor(
                name,
                tensor.shape(),
                (first, target) -> {
                  int count = target.remaining();
                  tensor.values().read(first, target);
                  done[0] += count;
                  listener.merged(done[0], total);
                }));
      }
      new SafetensorsWriter(name -> merged.dtype(name).orElseThrow())
          .write(output.resolve(Safetensors.SINGLE), tensors);
    } finally {
      Closeables.all(adapters);
    }
  }

  private static List<String> readable(TensorSource source) {
    List<String> names = new ArrayList<>();
    for (String name : new TreeSet<>(source.names())) {
      if (source.dtype(name).isPresent()) {
        names.add(name);
      } else {
        LOG.warn("tensor '{}' is no weight and is left out of the merged checkpoint", name);
      }
    }
    return names;
  }

  private static long elements(TensorSource source, String name) {
    return Arrays.stream(source.shape(name).orElseThrow()).reduce(1, Math::multiplyExact);
  }

  private void copyFiles(Path output) throws IOException {
    Map<String, Path> files = new LinkedHashMap<>();
    List<String> tokenizer = new ArrayList<>(ModelFiles.TOKENIZER);
    tokenizer.addAll(MORE_TOKENIZER_FILES);
    for (String name : tokenizer) {
      checkpoint.tokenizerFile(name).ifPresent(file -> files.put(name, file));
    }
    if (checkpoint.sentenceTransformers().isPresent()) {
      for (String name : sentenceTransformersFiles()) {
        files.put(name, checkpoint.parts().given().required(name, "Fetch the complete model"));
      }
    }
    settingsFolder()
        .file(Llm2VecConfig.FILE_NAME)
        .ifPresent(file -> files.put(Llm2VecConfig.FILE_NAME, file));
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Path target = output.resolve(file.getKey());
      Files.createDirectories(target.getParent());
      // The bytes and not the link that a hub's cache has in their place.
      Files.write(target, Files.readAllBytes(file.getValue()));
    }
  }

  /** The folder that says how to encode: the last adapter's, or the base's. */
  private ModelFolder settingsFolder() {
    List<ModelFolder> adapters = checkpoint.parts().adapters();
    return adapters.isEmpty() ? checkpoint.parts().weights() : adapters.get(adapters.size() - 1);
  }

  private List<String> sentenceTransformersFiles() throws IOException {
    return ModelFiles.sentenceTransformers(ModelFiles.names(checkpoint.parts().given().path()));
  }

  /** Says in the new config.json what the old files said by being a chain, if they did. */
  private void keepAttention(Path output, ObjectNode config) throws IOException {
    ResolverOptions local = ResolverOptions.local(HubEnvironment.of(Map.of(), output));
    ResolvedCheckpoint written =
        new CheckpointResolver(local)
            .resolve(CheckpointResolver.Request.of(output.toAbsolutePath().toString()));
    if (written.spec().causal() != checkpoint.spec().causal()) {
      config.put("is_causal", checkpoint.spec().causal());
      CheckpointWriter.writeConfig(output.resolve(DecoderConfig.FILE_NAME), config);
    }
  }

  /** Told how a merge proceeds. Called on the thread that merges. */
  @FunctionalInterface
  public interface MergeListener {

    /** One that does not listen. */
    MergeListener NONE = (done, total) -> {};

    /**
     * Called when some elements of the new weights were computed.
     *
     * @param done elements so far
     * @param total of all tensors
     */
    void merged(long done, long total);
  }
}
