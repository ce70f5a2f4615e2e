/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.lora.LoraAdapter.TensorChange;
import io.github.llm2vec.lora.LoraAdapter.TensorChange.LoraPair;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sorts the tensors of an adapter by what they change. They are called {@code
 * base_model.model.[model.]MODULE.lora_A.weight} and the like, with the second {@code model.} if
 * the adapter was trained around a language model with a head. Every tensor must belong to the
 * decoder and fit it; only those of heads ({@code lm_head}), which no encoding passes through, are
 * left out.
 */
final class AdapterTensors {

  private static final Logger LOG = LoggerFactory.getLogger(AdapterTensors.class);

  private static final String EMBEDDING = "embed_tokens";

  /** Modules behind the decoder. */
  private static final Set<String> HEADS = Set.of("lm_head", "score", "classifier");

  private static final Pattern TENSOR =
      Pattern.compile(
          "base_model\\.model\\.(.+?)\\."
              + "(lora_A\\.weight|lora_B\\.weight|lora_B\\.bias|lora_embedding_A|lora_embedding_B"
              + "|lora_magnitude_vector(?:\\.weight)?"
              + "|(?:token_adapter\\.)?trainable_tokens_delta"
              + "|(?:base_layer\\.)?(?:weight|bias))");
  private static final String REMEDY = "Use the adapter with the base model it was trained on";

  private final Path file;
  private final LoraConfig config;
  private final TensorSource tensors;
  private final DecoderLayout layout;

  /** Kind of tensor, such as {@code lora_A}, to its name in the file, for every module. */
  private final Map<String, Map<String, String>> byModule = new LinkedHashMap<>();

  /** What PEFT calls a module: its path in the model that the adapter was trained around. */
  private final Map<String, String> peftNames = new LinkedHashMap<>();

  AdapterTensors(Path file, LoraConfig config, TensorSource tensors, DecoderSpec spec) {
    this.file = file;
    this.config = config;
    this.tensors = tensors;
    this.layout = DecoderLayout.of(spec);
  }

  /**
   * Tensor of the decoder to its changes, in the order in which they are made.
   *
   * @throws ModelFormatException if a tensor has no place, does not fit or is missing
   */
  Map<String, List<TensorChange>> changes() throws IOException {
    List<String> leftOut = new ArrayList<>();
    for (String name : new TreeSet<>(tensors.names())) {
      if (!sort(name)) {
        leftOut.add(name);
      }
    }
    if (!leftOut.isEmpty()) {
      LOG.info("{}: no encoding passes through {}, which are left out", file, leftOut);
    }
    Map<String, List<TensorChange>> changes = new LinkedHashMap<>();
    for (Map.Entry<String, Map<String, String>> entry : byModule.entrySet()) {
      change(entry.getKey(), entry.getValue(), changes);
    }
    requireSavedModules(changes.keySet());
    if (changes.isEmpty() && leftOut.isEmpty()) {
      throw wrong("changes nothing of the model");
    }
    return Collections.unmodifiableMap(changes);
  }

  /** Files a tensor under its module; false if it is one of a head. */
  private boolean sort(String name) throws ModelFormatException {
    Matcher matcher = TENSOR.matcher(name);
    if (!matcher.matches()) {
      throw leftover(name);
    }
    String path = matcher.group(1);
    String inner = path.startsWith("model.") ? path.substring("model.".length()) : path;
    if (HEADS.contains(inner.replaceFirst("\\..*", ""))) {
      return false;
    }
    String kind = matcher.group(2).replace("base_layer.", "").replace("token_adapter.", "");
    boolean ofLinear = kind.startsWith("lora_") && !kind.startsWith("lora_embedding");
    boolean known =
        ofLinear
            ? layout.linears().containsKey(inner) || inner.equals(EMBEDDING)
            : layout.tensors().containsKey(inner + ".weight");
    if (!known) {
      throw leftover(name);
    }
    String other = byModule.computeIfAbsent(inner, m -> new LinkedHashMap<>()).put(kind, name);
    if (other != null) {
      throw wrong("has both '" + other + "' and '" + name + "'");
    }
    peftNames.put(inner, path);
    return true;
  }

  private void change(
      String module, Map<String, String> kinds, Map<String, List<TensorChange>> changes)
      throws IOException {
    List<TensorChange> weight = new ArrayList<>();
    List<TensorChange> bias = new ArrayList<>();
    if (kinds.containsKey("weight")) {
      weight.add(replacement(kinds.get("weight"), module + ".weight"));
    }
    if (kinds.containsKey("bias")) {
      bias.add(replacement(kinds.get("bias"), module + ".bias"));
    }
    boolean embedding = module.equals(EMBEDDING);
    String down = kinds.get(embedding ? "lora_embedding_A" : "lora_A.weight");
    String up = kinds.get(embedding ? "lora_embedding_B" : "lora_B.weight");
    if (down != null || up != null) {
      weight.add(lowRank(module, down, up, kinds));
    }
    if (kinds.containsKey("lora_B.bias")) {
      bias.add(shift(module, kinds.get("lora_B.bias")));
    }
    if (kinds.containsKey("trainable_tokens_delta")) {
      weight.add(rows(module, kinds.get("trainable_tokens_delta")));
    }
    put(changes, module + ".weight", weight);
    put(changes, module + ".bias", bias);
  }

  private static void put(
      Map<String, List<TensorChange>> changes, String tensor, List<TensorChange> list) {
    if (!list.isEmpty()) {
      changes.put(tensor, List.copyOf(list));
    }
  }

  private TensorChange replacement(String name, String tensor) throws ModelFormatException {
    List<Long> shape = layout.tensors().get(tensor);
    if (shape == null) {
      throw leftover(name);
    }
    checkShape(name, shape.stream().mapToLong(Long::longValue).toArray());
    return new TensorChange.Replacement(name);
  }

  private TensorChange lowRank(
      String module, @Nullable String down, @Nullable String up, Map<String, String> kinds)
      throws IOException {
    boolean embedding = module.equals(EMBEDDING);
    String half = embedding ? "lora_embedding_" : "lora_";
    if (down == null || up == null) {
      throw wrong("has " + half + (down == null ? "B" : "A") + " alone for " + module);
    }
    String peftName = peftName(module);
    if (!config.targets(peftName)) {
      throw wrong(
          ("has tensors for %s, which %s does not target (target_modules,"
                  + " exclude_modules, layers_to_transform)")
              .formatted(module, LoraConfig.FILE_NAME));
    }
    List<Long> shape = weightShape(module);
    int rows = Math.toIntExact(shape.get(0));
    int columns = Math.toIntExact(shape.get(1));
    int in = embedding ? rows : columns;
    int out = embedding ? columns : rows;
    int rank = config.rank(peftName);
    checkShape(down, rank, in);
    checkShape(up, out, rank);
    LoraPair pair = new LoraPair(down, up, rank, in, out, config.scale(peftName));
    String magnitude =
        kinds.getOrDefault("lora_magnitude_vector", kinds.get("lora_magnitude_vector.weight"));
    if (config.usesDora() != (magnitude != null)) {
      throw wrong(
          (config.usesDora() ? "has no lora_magnitude_vector for " : "has '" + magnitude + "' for ")
              + module
              + ", but 'use_dora' is "
              + config.usesDora());
    }
    if (magnitude != null) {
      checkShape(magnitude, out);
    }
    return new TensorChange.LowRank(pair, embedding, Optional.ofNullable(magnitude));
  }

  private String peftName(String module) {
    return Objects.requireNonNull(peftNames.get(module), module);
  }

  private List<Long> weightShape(String module) {
    return Objects.requireNonNull(layout.tensors().get(module + ".weight"), module);
  }

  private TensorChange shift(String module, String name) throws IOException {
    List<Long> shape = layout.tensors().get(module + ".bias");
    if (shape == null) {
      throw wrong("adds a bias ('lora_bias') to " + module + ", which has none in this model");
    }
    checkShape(name, shape.get(0));
    return new TensorChange.Shift(name, config.scale(peftName(module)));
  }

  private TensorChange rows(String module, String name) throws IOException {
    List<Long> shape = weightShape(module);
    int last = Math.toIntExact(shape.get(0)) - 1;
    List<Integer> rows = config.trainedTokens(peftName(module), last);
    checkShape(name, rows.size(), shape.get(1));
    return new TensorChange.Rows(name, rows);
  }

  /** PEFT fails on an adapter without the modules that it says it has. */
  private void requireSavedModules(Set<String> changed) throws ModelFormatException {
    for (String saved : config.savedModules()) {
      boolean head = HEADS.contains(saved.substring(saved.lastIndexOf('.') + 1));
      String inner = saved.startsWith("model.") ? saved.substring("model.".length()) : saved;
      boolean found = changed.stream().anyMatch(tensor -> tensor.contains(inner + "."));
      if (!head && !found) {
        throw wrong("has no tensor of " + saved + ", which 'modules_to_save' names");
      }
    }
  }

  private void checkShape(String name, long... expected) throws ModelFormatException {
    long[] shape = tensors.shape(name).orElseThrow();
    if (!Arrays.equals(shape, expected)) {
      throw wrong(
          "has '%s' of shape %s, expected %s by the rank and the model"
              .formatted(name, Arrays.toString(shape), Arrays.toString(expected)));
    }
    if (tensors.dtype(name).isEmpty()) {
      throw wrong("stores '" + name + "' in a format other than F32, F16 and BF16");
    }
  }

  private ModelFormatException leftover(String name) {
    return wrong("has a tensor that belongs to no module of the model: '" + name + "'");
  }

  private ModelFormatException wrong(String problem) {
    return new ModelFormatException(file, problem, REMEDY);
  }
}
