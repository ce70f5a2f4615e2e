/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.lora.LoraAdapter.TensorChange.LoraPair;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A PEFT LoRA adapter: {@code adapter_config.json} and {@code adapter_model.safetensors}. Owns the
 * open file. Thread-safe.
 *
 * <p>Besides the low-rank pairs of linear layers it may hold what PEFT saves with them: pairs of
 * the embedding, DoRA's magnitudes, biases, trained tokens and whole modules. {@link
 * AdapterTensors} says which tensors those are.
 */
public final class LoraAdapter implements Closeable {

  /** A change that an adapter makes to one tensor of a decoder, as PEFT merges it. */
  public sealed interface TensorChange {

    /**
     * Takes a tensor of the adapter in place of the decoder's: {@code modules_to_save}, trained
     * biases, saved embeddings.
     *
     * @param name of the tensor in the adapter; it has the decoder's shape
     */
    record Replacement(String name) implements TensorChange {}

    /**
     * Adds a low-rank product to a matrix.
     *
     * @param pair of a linear layer, whose weight is {@code [out, in]}; or of the embedding, whose
     *     weight {@code [V, H]} gets the transposed product
     * @param embedding whether it is the embedding's
     * @param magnitude tensor by which the sum is rescaled (Liu et al., 2024, DoRA): norms of its
     *     rows, or of its columns for the embedding; empty without DoRA
     */
    record LowRank(LoraPair pair, boolean embedding, Optional<String> magnitude)
        implements TensorChange {}

    /**
     * Adds a multiple of a vector: {@code lora_bias}.
     *
     * @param name of the vector in the adapter
     * @param scale its factor
     */
    record Shift(String name, double scale) implements TensorChange {}

    /**
     * Takes single rows of the adapter: {@code trainable_token_indices}.
     *
     * @param name tensor with the rows, {@code [rows.size(), H]}
     * @param rows their places in the decoder's tensor
     */
    record Rows(String name, List<Integer> rows) implements TensorChange {

      /** Copies the list. */
      public Rows {
        rows = List.copyOf(rows);
      }
    }

    /**
     * The low-rank change of one linear layer: {@code W + scale * B * A} (Hu et al., 2021, LoRA).
     *
     * @param aName tensor A in the adapter, {@code [rank, in]}
     * @param bName tensor B in the adapter, {@code [out, rank]}
     * @param rank R
     * @param in width of the layer's input
     * @param out width of the layer's output
     * @param scale {@code lora_alpha / R}, or {@code lora_alpha / sqrt(R)} with rank-stabilised
     *     LoRA
     */
    public record LoraPair(String aName, String bName, int rank, int in, int out, double scale) {}
  }

  public static final String WEIGHTS = "adapter_model.safetensors";

  private final Path folder;
  private final TensorSource tensors;
  private final Map<String, LoraPair> pairs;
  private final Map<String, List<TensorChange>> changes;

  private LoraAdapter(
      Path folder,
      TensorSource tensors,
      Map<String, LoraPair> pairs,
      Map<String, List<TensorChange>> changes) {
    this.folder = folder;
    this.tensors = tensors;
    this.pairs = pairs;
    this.changes = changes;
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

  public static LoraAdapter open(ModelFolder folder, DecoderSpec spec) throws IOException {
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
      Map<String, List<TensorChange>> changes =
          new AdapterTensors(weights.get(), config, tensors, spec).changes();
      return new LoraAdapter(folder.path(), tensors, pairs(changes, spec), changes);
    } catch (IOException | RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  /** The pairs of linear layers, in the order of the forward pass, whatever the file's is. */
  private static Map<String, LoraPair> pairs(
      Map<String, List<TensorChange>> changes, DecoderSpec spec) {
    Map<String, LoraPair> pairs = new LinkedHashMap<>();
    for (String module : DecoderLayout.of(spec).linears().keySet()) {
      for (TensorChange change : changes.getOrDefault(module + ".weight", List.of())) {
        if (change instanceof TensorChange.LowRank lowRank) {
          pairs.put(module, lowRank.pair());
        }
      }
    }
    return Collections.unmodifiableMap(pairs);
  }

  /** The folder this was opened from. */
  public Path folder() {
    return folder;
  }

  /** Paths of the linear layers with a low-rank pair, such as {@code layers.0.self_attn.q_proj}. */
  public Set<String> modules() {
    return pairs.keySet();
  }

  /** The low-rank pair of one linear layer, or empty if it has none. */
  public Optional<LoraPair> delta(String modulePath) {
    return Optional.ofNullable(pairs.get(modulePath));
  }

  /** Names of the decoder's tensors that are changed, as {@link DecoderLayout} has them. */
  public Set<String> changedTensors() {
    return changes.keySet();
  }

  /** What is done to a tensor of the decoder, in this order; none if it stays as it is. */
  public List<TensorChange> changes(String tensor) {
    return changes.getOrDefault(tensor, List.of());
  }

  /** Whether there is nothing but low-rank pairs of linear layers. */
  public boolean onlyLowRank() {
    return changes.values().stream()
        .flatMap(List::stream)
        .allMatch(
            change ->
                change instanceof TensorChange.LowRank lowRank
                    && !lowRank.embedding()
                    && lowRank.magnitude().isEmpty());
  }

  /** The tensors that the changes name. Owned by this adapter. */
  public TensorSource tensors() {
    return tensors;
  }

  @Override
  public void close() throws IOException {
    tensors.close();
  }
}
