/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Averages against the mean of weights, number by number. */
class CheckpointAveragerTest {

  private static final Path MNTP =
      Path.of("src/test/resources/checkpoints/chain-local/mntp").toAbsolutePath();
  private static final String ADAPTER = "adapter_model.safetensors";

  @TempDir Path folder;

  /** A copy of a folder with all tensors of a file changed by a rule. */
  private Path changed(Path from, String name, String file, double by) throws IOException {
    Path to = Files.createDirectories(folder.resolve(name));
    try (Stream<Path> files = Files.list(from)) {
      for (Path each : files.toList()) {
        Files.copy(each, to.resolve(each.getFileName()));
      }
    }
    List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
    try (TensorSource source = Safetensors.openFile(from.resolve(file))) {
      for (String tensor : source.names()) {
        float[] values = read(source, tensor);
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) (by * Math.sin(i + tensor.length()));
        }
        List<Long> shape = Arrays.stream(source.shape(tensor).orElseThrow()).boxed().toList();
        tensors.add(SafetensorsWriter.Tensor.of(tensor, shape, FloatBuffer.wrap(values)));
      }
    }
    new SafetensorsWriter(DType.FLOAT32).write(to.resolve(file), tensors);
    return to;
  }

  private static float[] read(TensorSource source, String name) throws IOException {
    long size = Arrays.stream(source.shape(name).orElseThrow()).reduce(1, Math::multiplyExact);
    float[] values = new float[Math.toIntExact(size)];
    source.read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  private Path merged(Path adapter) throws IOException {
    Path output = folder.resolve(adapter.getFileName() + "-merged");
    ResolverOptions local = ResolverOptions.local(HubEnvironment.of(Map.of(), folder));
    ObjectMapper json = new ObjectMapper();
    Path config = adapter.resolve("adapter_config.json");
    ObjectNode named = (ObjectNode) json.readTree(config.toFile());
    named.put("base_model_name_or_path", MNTP.resolveSibling("base").toString());
    json.writeValue(config.toFile(), named);
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(local).resolve(CheckpointResolver.Request.of(adapter.toString()));
    new CheckpointMerger(checkpoint, Optional.of(DType.FLOAT32))
        .merge(output, CheckpointMerger.MergeListener.NONE);
    return output;
  }

  private static void assertMean(Path found, List<Path> of, double[] shares) throws IOException {
    List<TensorSource> sources = new ArrayList<>();
    for (Path one : of) {
      sources.add(Safetensors.openFolder(one));
    }
    try (TensorSource average = Safetensors.openFolder(found)) {
      assertEquals(sources.get(0).names(), average.names());
      for (String name : average.names()) {
        float[] values = read(average, name);
        double[] wanted = new double[values.length];
        for (int i = 0; i < shares.length; i++) {
          float[] part = read(sources.get(i), name);
          for (int k = 0; k < part.length; k++) {
            wanted[k] += shares[i] * part[k];
          }
        }
        for (int k = 0; k < values.length; k++) {
          assertEquals(wanted[k], values[k], 2e-6, name + " " + k);
        }
      }
    }
    for (TensorSource source : sources) {
      source.close();
    }
  }

  @Test
  void anAverageOfAdaptersAddsTheAverageOfWhatEachAdds() throws IOException {
    List<Path> adapters =
        List.of(
            changed(MNTP, "one", ADAPTER, 0),
            changed(MNTP, "two", ADAPTER, 0.05),
            changed(MNTP, "three", ADAPTER, -0.1));
    List<Path> models = new ArrayList<>();
    for (Path adapter : adapters) {
      models.add(merged(adapter));
    }
    Path average = folder.resolve("average");
    new CheckpointAverager(adapters, List.of(1.0, 1.0, 2.0)).average(average);
    double[] shares = {0.25, 0.25, 0.5};
    assertMean(merged(average), models, shares);
    Path ofModels = folder.resolve("of-models");
    new CheckpointAverager(models, List.of(1.0, 1.0, 2.0)).average(ofModels);
    assertMean(ofModels, models, shares);
    assertTrue(Files.exists(ofModels.resolve("tokenizer.json")));
  }

  @Test
  void whatIsNotAlikeIsRefusedByName() throws IOException {
    Path one = changed(MNTP, "one", ADAPTER, 0);
    Path two = changed(MNTP, "two", ADAPTER, 0.1);
    ObjectMapper json = new ObjectMapper();
    Path config = two.resolve("adapter_config.json");
    ObjectNode changed = (ObjectNode) json.readTree(config.toFile());
    json.writeValue(config.toFile(), changed.deepCopy().put("lora_alpha", 99));
    refused(List.of(one, two), "lora_alpha");
    json.writeValue(config.toFile(), changed);
    Files.writeString(two.resolve("tokenizer_config.json"), "{}");
    refused(List.of(one, two), "tokenizer_config.json");
    Files.delete(two.resolve("tokenizer_config.json"));
    refused(List.of(one, two), "has the files");
    refused(List.of(one, MNTP.resolveSibling("base")), "unlike");
    refused(List.of(one, folder), "neither a model nor an adapter");
    Path three = changed(MNTP, "three", ADAPTER, 0);
    new SafetensorsWriter(DType.FLOAT32)
        .write(
            three.resolve(ADAPTER),
            List.of(SafetensorsWriter.Tensor.of("a", List.of(1L), FloatBuffer.wrap(new float[1]))));
    refused(List.of(one, three), "other tensors");
    Files.writeString(folder.resolve("config.json"), "{}");
    assertThrows(
        FileAlreadyExistsException.class,
        () -> new CheckpointAverager(List.of(one, one), List.of(1.0, 1.0)).average(folder));
    for (List<Double> weights : List.of(List.of(1.0), List.of(0.0, 0.0), List.of(2.0, -1.0))) {
      assertThrows(
          IllegalArgumentException.class, () -> new CheckpointAverager(List.of(one, one), weights));
    }
  }

  private void refused(List<Path> folders, String problem) {
    List<Double> weights = folders.stream().map(path -> 1.0).toList();
    ModelFormatException failure =
        assertThrows(
            ModelFormatException.class,
            () -> new CheckpointAverager(folders, weights).average(folder.resolve("refused")));
    assertTrue(failure.getMessage().contains(problem), failure.getMessage());
  }
}
