/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.model;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PEFT LoRA adapter: {@code adapter_config.json} and {@code adapter_model.safetensors}. Owns the
 * open file. Thread-safe.
 *
 * <p>Tensors are called {@code base_model.model.[model.]MODULE.lora_A.weight}, with the second
 * {@code model.} if the adapter was trained around a language model with a head. Every tensor must
 * belong to a linear layer of the decoder and fit it; only those of the head ({@code lm_head}),
 * which no encoding passes through, are left out.
 */
public final class LoraAdapter implements Closeable {

  static final String WEIGHTS = "adapter_model.safetensors";

  private static final Pattern TENSOR =
      Pattern.compile("base_model\\.model\\.(?:model\\.)?(.+)\\.lora_([AB])\\.weight");
  private static final String REMEDY = "Use the adapter with the base model it was trained on";

  private final Path folder;
  private final TensorSource tensors;
  private final Map<String, LoraPair> pairs;

  private LoraAdapter(Path folder, TensorSource tensors, Map<String, LoraPair> pairs) {
    this.folder = folder;
    this.tensors = tensors;
    this.pairs = pairs;
  }

  /**
   * Opens an adapter and checks it against the decoder it is meant for.
   *
   * @throws ModelFormatException if a file is damaged, needs what is not supported or does not fit
   *     the decoder
   * @throws ModelUnavailableException if a file is missing
   */
  public static LoraAdapter open(Path folder, DecoderSpec spec) throws IOException {
    return open(ModelFolder.unfenced(folder), spec);
  }

  static LoraAdapter open(ModelFolder folder, DecoderSpec spec) throws IOException {
    LoraConfig config =
        LoraConfig.read(folder.required(LoraConfig.FILE_NAME, "Name the folder of an adapter"));
    Optional<Path> weights = folder.file(WEIGHTS);
    if (weights.isEmpty()) {
      boolean pickled = folder.file("adapter_model.bin").isPresent();
      throw new ModelUnavailableException(
          folder.path().toString(),
          pickled
              ? "has its weights as adapter_model.bin only, which may hold code and is never read"
              : "has no " + WEIGHTS,
          pickled ? "Save the adapter as safetensors with PEFT" : "Fetch the complete adapter");
    }
    TensorSource tensors = Safetensors.openFile(weights.get());
    try {
      Map<String, LoraPair> pairs = new Reader(weights.get(), config, tensors, spec).pairs();
      return new LoraAdapter(folder.path(), tensors, pairs);
    } catch (IOException | RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  /** The folder this was opened from. */
  public Path folder() {
    return folder;
  }

  /** Paths of the changed modules, such as {@code layers.0.self_attn.q_proj}. */
  public Set<String> modules() {
    return pairs.keySet();
  }

  /** The change of one linear layer, or empty if it stays as it is. */
  public Optional<LoraPair> delta(String modulePath) {
    return Optional.ofNullable(pairs.get(modulePath));
  }

  /** The tensors that the pairs name. Owned by this adapter. */
  public TensorSource tensors() {
    return tensors;
  }

  @Override
  public void close() throws IOException {
    tensors.close();
  }

  /** Sorts the tensors of a file into pairs. */
  private static final class Reader {
    private final Path file;
    private final LoraConfig config;
    private final TensorSource tensors;
    private final Map<String, DecoderLayout.Linear> linears;

    Reader(Path file, LoraConfig config, TensorSource tensors, DecoderSpec spec) {
      this.file = file;
      this.config = config;
      this.tensors = tensors;
      this.linears = DecoderLayout.of(spec).linears();
    }

    Map<String, LoraPair> pairs() throws IOException {
      Map<String, String> downs = new LinkedHashMap<>();
      Map<String, String> ups = new LinkedHashMap<>();
      for (String name : new TreeSet<>(tensors.names())) {
        Matcher matcher = TENSOR.matcher(name);
        if (!matcher.matches() || !linears.containsKey(matcher.group(1))) {
          if (!name.matches("base_model\\.model\\.lm_head\\.lora_[AB]\\.weight")) {
            throw leftover(name);
          }
          continue;
        }
        Map<String, String> half = matcher.group(2).equals("A") ? downs : ups;
        String other = half.putIfAbsent(matcher.group(1), name);
        if (other != null) {
          throw wrong("has both '" + other + "' and '" + name + "'");
        }
      }
      Map<String, LoraPair> pairs = new LinkedHashMap<>();
      // In the order of the forward pass, whatever the file's is.
      for (String module : linears.keySet()) {
        if (downs.containsKey(module) || ups.containsKey(module)) {
          pairs.put(module, pair(module, downs.get(module), ups.get(module)));
        }
      }
      if (pairs.isEmpty()) {
        throw wrong("changes no linear layer of the model");
      }
      return Collections.unmodifiableMap(pairs);
    }

    private LoraPair pair(String module, String down, String up) throws IOException {
      if (down == null || up == null) {
        throw wrong("has lora_" + (down == null ? "B" : "A") + " alone for " + module);
      }
      if (!config.targets(module)) {
        throw wrong(
            "has tensors for "
                + module
                + ", which "
                + LoraConfig.FILE_NAME
                + " does not target (target_modules, exclude_modules, layers_to_transform)");
      }
      DecoderLayout.Linear linear = linears.get(module);
      int rank = config.rank(module);
      checkShape(down, rank, linear.in());
      checkShape(up, linear.out(), rank);
      return new LoraPair(down, up, rank, linear.in(), linear.out(), config.scale(module));
    }

    private void checkShape(String name, int rows, int columns) throws IOException {
      long[] shape = tensors.shape(name).orElseThrow();
      if (!Arrays.equals(shape, new long[] {rows, columns})) {
        throw wrong(
            "has '"
                + name
                + "' of shape "
                + Arrays.toString(shape)
                + ", expected ["
                + rows
                + ", "
                + columns
                + "] by the rank and the model");
      }
      if (tensors.dtype(name).isEmpty()) {
        throw wrong("stores '" + name + "' in a format other than F32, F16 and BF16");
      }
    }

    private ModelFormatException leftover(String name) {
      if (name.contains("embed_tokens")) {
        return new ModelFormatException(
            file,
            "changes the embedding ('" + name + "'), which is not supported",
            "Merge the adapter into its base with PEFT and open the result");
      }
      return wrong("has a tensor that belongs to no linear layer of the model: '" + name + "'");
    }

    private ModelFormatException wrong(String problem) {
      return new ModelFormatException(file, problem, REMEDY);
    }
  }
}
