/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.files.Closeables;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.lora.LoraConfig;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Averages checkpoints of one training, or of several from the same start ("model soups": Wortsman
 * et al., 2022): whole models tensor by tensor, also the Dense modules behind them. Adapters are
 * laid side by side, {@code A = [A_1; A_2; ...]} and {@code B = [w_1 B_1, w_2 B_2, ...]}, of as
 * many times the rank, so that what they add to the base's weights is exactly the average of what
 * each adds; averages of A and of B would not be.
 */
public final class CheckpointAverager {

  private static final String ADAPTER = "adapter_model.safetensors";
  private static final JsonMapper MAPPER = new JsonMapper();

  /** What says nothing about the weights. */
  private static final Set<String> IMMATERIAL =
      Set.of(
          "_name_or_path",
          "torch_dtype",
          "dtype",
          "transformers_version",
          "inference_mode",
          "peft_version");

  private final List<Path> folders;
  private final List<Double> shares;

  /**
   * An average.
   *
   * @param folders two or more, all of models or all of adapters
   * @param weights one for each, at least 0 and not all 0; they are divided by their sum
   * @throws IllegalArgumentException if there are too few folders or other weights
   */
  public CheckpointAverager(List<Path> folders, List<Double> weights) {
    if (folders.size() < 2 || weights.size() != folders.size()) {
      throw new IllegalArgumentException(
          "an average is of two folders or more, with a weight for each, got "
              + folders.size()
              + " folders and "
              + weights.size()
              + " weights");
    }
    double sum = weights.stream().mapToDouble(Double::doubleValue).sum();
    if (weights.stream().anyMatch(weight -> !(weight >= 0)) || !(sum > 0 && sum < 1e300)) {
      throw new IllegalArgumentException(
          "weights are numbers of at least 0 that are not all 0, got " + weights);
    }
    this.folders = List.copyOf(folders);
    this.shares = weights.stream().map(weight -> weight / sum).toList();
  }

  /**
   * Writes the average, with the small files of the first folder beside it.
   *
   * @param output folder, made if need be; it must not hold a model
   * @throws FileAlreadyExistsException if it does
   * @throws ModelFormatException if the folders are not alike; the message names what differs
   * @throws IOException if reading or writing fails
   */
  public void average(Path output) throws IOException {
    CheckpointWriter.requireNoModel(output);
    if (Files.exists(output.resolve(LoraConfig.FILE_NAME))) {
      throw new FileAlreadyExistsException(output.resolve(LoraConfig.FILE_NAME).toString());
    }
    boolean adapters = isAdapter(folders.get(0));
    for (Path folder : folders) {
      if (isAdapter(folder) != adapters) {
        throw new ModelFormatException(
            folder,
            "is " + (adapters ? "no adapter" : "an adapter") + ", unlike " + folders.get(0),
            "Average models with models and adapters with adapters, or merge first");
      }
    }
    String config = adapters ? LoraConfig.FILE_NAME : DecoderConfig.FILE_NAME;
    requireSameConfig(config);
    Set<String> small = smallFiles();
    Files.createDirectories(output);
    if (adapters) {
      averageAdapters(output);
    } else {
      average(output.resolve(Safetensors.SINGLE), folders.stream().map(Weights::of).toList());
    }
    for (String name : small) {
      Path target = output.resolve(name);
      Files.createDirectories(target.toAbsolutePath().getParent());
      if (name.endsWith(".safetensors")) {
        average(target, folders.stream().map(folder -> Weights.ofFile(folder, name)).toList());
      } else {
        Files.write(target, Files.readAllBytes(folders.get(0).resolve(name)));
      }
    }
    // An empty folder stands for a module without settings.
    for (Path folder : moduleFolders()) {
      Files.createDirectories(output.resolve(folder.getFileName()));
    }
    CheckpointWriter.writeConfig(output.resolve(config), averagedConfig(config, adapters));
  }

  private static boolean isAdapter(Path folder) throws IOException {
    boolean adapter = Files.exists(folder.resolve(LoraConfig.FILE_NAME));
    if (!adapter && !Files.exists(folder.resolve(DecoderConfig.FILE_NAME))) {
      throw new ModelFormatException(
          folder, "holds neither a model nor an adapter", "Name folders of checkpoints");
    }
    return adapter;
  }

  private void requireSameConfig(String name) throws IOException {
    Path first = folders.get(0).resolve(name);
    ObjectNode wanted = CheckpointWriter.readConfig(first);
    for (Path folder : folders) {
      ObjectNode found = CheckpointWriter.readConfig(folder.resolve(name));
      Set<String> keys = new TreeSet<>();
      wanted.fieldNames().forEachRemaining(keys::add);
      found.fieldNames().forEachRemaining(keys::add);
      keys.removeAll(IMMATERIAL);
      for (String key : keys) {
        if (!value(wanted, key).equals(value(found, key))) {
          throw new ModelFormatException(
              folder.resolve(name),
              "has %s %s, and %s has %s"
                  .formatted(key, value(found, key), first, value(wanted, key)),
              "Average checkpoints of one training");
        }
      }
    }
  }

  /** Targets may stand in any order. */
  private static JsonNode value(ObjectNode config, String key) {
    JsonNode value = config.path(key);
    if (key.equals("target_modules") && value.isArray()) {
      Set<String> names = new TreeSet<>();
      value.forEach(name -> names.add(name.asText()));
      return MAPPER.valueToTree(names);
    }
    return value;
  }

  /** The files beside the weights, which must be the same in all folders, and other weights. */
  private Set<String> smallFiles() throws IOException {
    Map<String, byte[]> wanted = new TreeMap<>();
    for (String name : names(folders.get(0))) {
      wanted.put(name, Files.readAllBytes(folders.get(0).resolve(name)));
    }
    for (Path folder : folders) {
      if (!names(folder).equals(wanted.keySet())) {
        throw new ModelFormatException(
            folder,
            "has the files "
                + names(folder)
                + ", and "
                + folders.get(0)
                + " has "
                + wanted.keySet(),
            "Average checkpoints of one training");
      }
      for (Map.Entry<String, byte[]> file : wanted.entrySet()) {
        boolean same =
            file.getKey().endsWith(".safetensors")
                || Arrays.equals(
                    file.getValue(), Files.readAllBytes(folder.resolve(file.getKey())));
        if (!same) {
          throw new ModelFormatException(
              folder.resolve(file.getKey()),
              "differs from that in " + folders.get(0),
              "Average checkpoints of one training");
        }
      }
    }
    return wanted.keySet();
  }

  private static Set<String> names(Path folder) throws IOException {
    List<String> names = ModelFiles.names(folder);
    Set<String> small = new TreeSet<>(ModelFiles.sentenceTransformers(names));
    names.stream()
        .filter(
            name ->
                ModelFiles.TOKENIZER.contains(name)
                    || name.equals(Llm2VecConfig.FILE_NAME)
                    || (name.equals(DecoderConfig.FILE_NAME) && names.contains(ADAPTER)))
        .forEach(small::add);
    return small;
  }

  private List<Path> moduleFolders() throws IOException {
    try (Stream<Path> all = Files.list(folders.get(0))) {
      return all.filter(Files::isDirectory)
          .filter(folder -> folder.getFileName().toString().matches("\\d{1,2}_Normalize"))
          .toList();
    }
  }

  private ObjectNode averagedConfig(String name, boolean adapters) throws IOException {
    ObjectNode config = CheckpointWriter.readConfig(folders.get(0).resolve(name));
    if (adapters) {
      int times = folders.size();
      int rank = config.path("r").asInt(8);
      double alpha = config.path("lora_alpha").asDouble(8);
      boolean byRoot = config.path("use_rslora").asBoolean();
      config.put("r", rank * times);
      config.put("lora_alpha", alpha * (byRoot ? Math.sqrt(times) : times));
    }
    return config;
  }

  /** Where the tensors of a folder are. */
  private interface Weights {

    TensorSource open() throws IOException;

    static Weights of(Path folder) {
      return () -> Safetensors.openFolder(folder);
    }

    static Weights ofFile(Path folder, String name) {
      return () -> Safetensors.openFile(folder.resolve(name));
    }
  }

  private interface Averaged {

    List<SafetensorsWriter.Tensor> of(List<TensorSource> sources) throws IOException;
  }

  private void average(Path file, List<Weights> weights) throws IOException {
    write(file, weights, this::averages);
  }

  private void write(Path file, List<Weights> weights, Averaged averaged) throws IOException {
    List<TensorSource> sources = new ArrayList<>();
    try {
      for (Weights one : weights) {
        sources.add(one.open());
      }
      TensorSource first = sources.get(0);
      new SafetensorsWriter(name -> first.dtype(name).orElse(DType.FLOAT32))
          .write(file, averaged.of(sources));
    } catch (IOException | RuntimeException e) {
      Closeables.afterFailure(e, sources);
      throw e;
    }
    Closeables.all(sources);
  }

  private void averageAdapters(Path output) throws IOException {
    ObjectNode config = CheckpointWriter.readConfig(folders.get(0).resolve(LoraConfig.FILE_NAME));
    for (String key : List.of("use_dora", "rank_pattern", "alpha_pattern")) {
      JsonNode value = config.path(key);
      if (value.asBoolean() || (value.isObject() && !value.isEmpty())) {
        throw new ModelFormatException(
            folders.get(0).resolve(LoraConfig.FILE_NAME),
            "has " + key + ", with which adapters cannot be averaged",
            "Merge each into its base and average the models");
      }
    }
    write(
        output.resolve(ADAPTER),
        folders.stream().map(folder -> Weights.ofFile(folder, ADAPTER)).toList(),
        sources -> {
          List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
          for (String name : names(sources)) {
            if (name.contains(".lora_A.")) {
              tensors.add(stacked(sources, name));
            } else if (name.contains(".lora_B.")) {
              tensors.add(sideBySide(sources, name));
            } else {
              tensors.add(mean(sources, name));
            }
          }
          return tensors;
        });
  }

  private List<SafetensorsWriter.Tensor> averages(List<TensorSource> sources) throws IOException {
    List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
    for (String name : names(sources)) {
      tensors.add(mean(sources, name));
    }
    return tensors;
  }

  /** The names of all tensors, which have the same shapes everywhere. */
  private Set<String> names(List<TensorSource> sources) throws ModelFormatException {
    Set<String> names = new TreeSet<>(sources.get(0).names());
    for (int i = 1; i < sources.size(); i++) {
      if (!names.equals(new TreeSet<>(sources.get(i).names()))) {
        throw unlike(i, "has other tensors than");
      }
      for (String name : names) {
        long[] wanted = sources.get(0).shape(name).orElseThrow();
        long[] found = sources.get(i).shape(name).orElseThrow();
        if (!Arrays.equals(wanted, found)) {
          throw unlike(
              i,
              "has a tensor %s of shape %s, not %s as"
                  .formatted(name, Arrays.toString(found), Arrays.toString(wanted)));
        }
      }
    }
    TensorSource first = sources.get(0);
    names.removeIf(name -> first.dtype(name).isEmpty());
    return names;
  }

  private ModelFormatException unlike(int folder, String problem) {
    return new ModelFormatException(
        folders.get(folder), problem + " " + folders.get(0), "Average checkpoints of one training");
  }

  private SafetensorsWriter.Tensor mean(List<TensorSource> sources, String name) {
    return new SafetensorsWriter.Tensor(
        name,
        SafetensorsWriter.Tensor.of(sources.get(0), name).shape(),
        (first, target) -> {
          int count = target.remaining();
          double[] sums = new double[count];
          float[] values = new float[count];
          for (int i = 0; i < sources.size(); i++) {
            sources.get(i).read(name, first, FloatBuffer.wrap(values));
            for (int k = 0; k < count; k++) {
              sums[k] += shares.get(i) * values[k];
            }
          }
          for (double sum : sums) {
            target.put((float) sum);
          }
        });
  }

  /** {@code (n r, in)}: rows one after the other. */
  private static SafetensorsWriter.Tensor stacked(List<TensorSource> sources, String name) {
    List<Long> one = SafetensorsWriter.Tensor.of(sources.get(0), name).shape();
    long elements = one.get(0) * one.get(1);
    return new SafetensorsWriter.Tensor(
        name,
        List.of(one.get(0) * sources.size(), one.get(1)),
        (first, target) -> {
          int end = target.limit();
          for (long next = first; target.position() < end; ) {
            long inside = next % elements;
            int count = (int) Math.min(elements - inside, end - target.position());
            target.limit(target.position() + count);
            sources.get((int) (next / elements)).read(name, inside, target);
            target.limit(end);
            next += count;
          }
        });
  }

  /** {@code (out, n r)}: columns of each, times its share. */
  private SafetensorsWriter.Tensor sideBySide(List<TensorSource> sources, String name) {
    List<Long> one = SafetensorsWriter.Tensor.of(sources.get(0), name).shape();
    int rank = Math.toIntExact(one.get(1));
    return new SafetensorsWriter.Tensor(
        name,
        List.of(one.get(0), one.get(1) * sources.size()),
        (first, target) -> {
          float[] part = new float[rank];
          long next = first;
          while (target.hasRemaining()) {
            long piece = next / rank; // row after row, adapter after adapter
            int from = (int) (next % rank);
            int adapter = (int) (piece % sources.size());
            int count = Math.min(rank - from, target.remaining());
            sources
                .get(adapter)
                .read(name, piece / sources.size() * rank + from, FloatBuffer.wrap(part, 0, count));
            for (int k = 0; k < count; k++) {
              target.put((float) (shares.get(adapter) * part[k]));
            }
            next += count;
          }
        });
  }
}
