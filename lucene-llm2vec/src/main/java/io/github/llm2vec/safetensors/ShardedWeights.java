/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A checkpoint cut into several safetensors files, joined by the {@code weight_map} of {@code
 * model.safetensors.index.json} (tensor name to file name). Owns the shards. Thread-safe.
 */
public final class ShardedWeights implements TensorSource {

  private final List<SafetensorsFile> shards;
  private final Map<String, SafetensorsFile> shardOfTensor;

  private ShardedWeights(List<SafetensorsFile> shards, Map<String, SafetensorsFile> shardOfTensor) {
    this.shards = shards;
    this.shardOfTensor = shardOfTensor;
  }

  /** File names of an index, each once; they are checked to be plain names. */
  public static List<String> shardNames(Path index) throws IOException {
    return weightMap(index).values().stream().distinct().sorted().toList();
  }

  /**
   * Opens all shards of an index and checks that they hold what it says.
   *
   * @param folder where the shards lie
   */
  static ShardedWeights open(ModelFolder folder, Path index) throws IOException {
    Map<String, String> weightMap = weightMap(index);
    List<SafetensorsFile> shards = new ArrayList<>();
    try {
      WeightReader reader = new WeightReader();
      Map<String, SafetensorsFile> byName = new TreeMap<>();
      Map<String, SafetensorsFile> shardOfTensor = new LinkedHashMap<>();
      for (Map.Entry<String, String> entry : weightMap.entrySet()) {
        SafetensorsFile shard = byName.get(entry.getValue());
        if (shard == null) {
          shard = SafetensorsFile.open(shardPath(folder, index, entry.getValue()), reader);
          shards.add(shard);
          byName.put(entry.getValue(), shard);
        }
        if (!shard.names().contains(entry.getKey())) {
          throw new ModelFormatException(
              index,
              "places tensor '%s' in %s, which does not have it"
                  .formatted(entry.getKey(), entry.getValue()),
              "Fetch the model again; index and shards do not belong together");
        }
        shardOfTensor.put(entry.getKey(), shard);
      }
      return new ShardedWeights(shards, Collections.unmodifiableMap(shardOfTensor));
    } catch (IOException | RuntimeException e) {
      Closeables.afterFailure(e, shards);
      throw e;
    }
  }

  private static Map<String, String> weightMap(Path index) throws IOException {
    JsonObject json = JsonObject.read(index);
    Map<String, String> map = json.textMap("weight_map");
    if (map.isEmpty()) {
      throw json.unsupported("weight_map", "is missing or empty", "Fetch the file again");
    }
    for (String name : map.values()) {
      if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*\\.safetensors")) {
        throw json.unsupported(
            "weight_map",
            "names the shard '" + name + "', which is not a plain .safetensors file name",
            "Use a model whose shards lie beside its index");
      }
    }
    return map;
  }

  private static Path shardPath(ModelFolder folder, Path index, String name) throws IOException {
    return folder
        .file(name)
        .orElseThrow(
            () ->
                new ModelUnavailableException(
                    folder.path().resolve(name).toString(),
                    "is named by " + index.getFileName() + " and does not exist",
                    "Fetch the complete model"));
  }

  @Override
  public Set<String> names() {
    return shardOfTensor.keySet();
  }

  @Override
  public Optional<long[]> shape(String name) {
    return Optional.ofNullable(shardOfTensor.get(name)).flatMap(shard -> shard.shape(name));
  }

  @Override
  public Optional<DType> dtype(String name) {
    return Optional.ofNullable(shardOfTensor.get(name)).flatMap(shard -> shard.dtype(name));
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) throws IOException {
    SafetensorsFile shard = shardOfTensor.get(name);
    if (shard == null) {
      throw new IllegalArgumentException("the model has no tensor '" + name + "'");
    }
    shard.read(name, firstElement, target);
  }

  @Override
  public void close() throws IOException {
    Closeables.all(shards);
  }
}
