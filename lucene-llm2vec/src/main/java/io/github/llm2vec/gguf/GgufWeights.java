/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.gguf;

import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors of a GGUF file under Hugging Face's names and with its values: blocks are widened as
 * they are read, rows of queries and keys are put back in the order of the half-split rotation, and
 * Gemma's norms lose the one that the file adds to them. Owns the file's channel. Thread-safe.
 */
public final class GgufWeights implements TensorSource {

  private static final int CHUNK_BYTES = 1 << 20;
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,5})\\.(.+)\\.(weight|bias)");

  private static final Map<String, String> IN_LAYER =
      Map.ofEntries(
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_qkv", "self_attn.qkv_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("post_attention_norm", "post_attention_layernorm"),
          Map.entry("post_ffw_norm", "post_feedforward_layernorm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_down", "mlp.down_proj"));

  private final Path file;
  private final FileChannel channel;
  private final GgufModel model;
  private final Map<String, String> stored = new LinkedHashMap<>(); // by Hugging Face's name
  private final ReentrantLock lock = new ReentrantLock(); // callers share the chunk
  private byte[] chunk = {};
  private float[] block = {};

  private GgufWeights(Path file, FileChannel channel, GgufModel model) {
    this.file = file;
    this.channel = channel;
    this.model = model;
    for (String name : model.header().tensors().keySet()) {
      stored.put(huggingFaceName(name), name);
    }
  }

  /**
   * Opens a file.
   *
   * @throws ModelFormatException if it is damaged or holds what is not supported
   */
  public static GgufWeights open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new GgufWeights(file, channel, GgufModel.read(file, GgufHeader.read(file, channel)));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** What the header says about the model. */
  public GgufModel model() {
    return model;
  }

  private String huggingFaceName(String name) {
    return switch (name) {
      case "token_embd.weight" -> "model.embed_tokens.weight";
      case "output_norm.weight" -> "model.norm.weight";
      case "output.weight" -> "lm_head.weight";
      default -> {
        Matcher matcher = LAYER.matcher(name);
        yield matcher.matches()
            ? "model.layers.%s.%s.%s"
                .formatted(matcher.group(1), module(matcher.group(2)), matcher.group(3))
            : name;
      }
    };
  }

  private String module(String name) {
    return switch (name) {
      case "ffn_norm" ->
          model.normsAround() ? "pre_feedforward_layernorm" : "post_attention_layernorm";
      case "ffn_up" -> model.fusedProjections() ? "mlp.gate_up_proj" : "mlp.up_proj";
      default -> IN_LAYER.getOrDefault(name, name);
    };
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(stored.keySet());
  }

  private Optional<GgufHeader.Tensor> tensor(String name) {
    return Optional.ofNullable(stored.get(name)).map(model.header().tensors()::get);
  }

  @Override
  public Optional<long[]> shape(String name) {
    return tensor(name).map(t -> t.shape().stream().mapToLong(Long::longValue).toArray());
  }

  @Override
  public Optional<DType> dtype(String name) {
    return tensor(name).map(t -> t.type().weightType());
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) throws IOException {
    GgufHeader.Tensor tensor =
        tensor(name)
            .orElseThrow(
                () -> new IllegalArgumentException(file + " has no tensor '" + name + "'"));
    if (firstElement < 0 || firstElement > tensor.elements() - target.remaining()) {
      throw new IllegalArgumentException(
          "elements %s and %s more lie outside '%s'"
              .formatted(firstElement, target.remaining(), name));
    }
    int headDim = model.interleavedHeadDim(Objects.requireNonNull(stored.get(name), name));
    float shift = model.normsPlusOne() && name.endsWith("norm.weight") ? 1 : 0;
    lock.lock();
    try {
      if (headDim == 0) {
        readPlain(tensor, firstElement, target.remaining(), target, shift);
        return;
      }
      // A vector has rows of one element.
      long columns = tensor.shape().size() > 1 ? tensor.columns() : 1;
      for (long next = firstElement; target.hasRemaining(); ) {
        int count = (int) Math.min(columns - next % columns, target.remaining());
        long row = interleaved(next / columns, headDim);
        readPlain(tensor, row * columns + next % columns, count, target, 0);
        next += count;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Where the file has a row: it puts the two halves of a head's pairs side by side. */
  private static long interleaved(long row, int headDim) {
    long head = row / headDim;
    long inHead = row % headDim;
    long half = headDim / 2;
    return head * headDim + inHead % half * 2 + inHead / half;
  }

  private void readPlain(
      GgufHeader.Tensor tensor, long first, int count, FloatBuffer target, float shift)
      throws IOException {
    GgufType type = tensor.type();
    int size = type.elements();
    long next = first / size;
    long end = (first + count + size - 1) / size;
    int skip = (int) (first % size);
    int left = count;
    while (next < end) {
      int blocks = (int) Math.min(end - next, CHUNK_BYTES / type.bytes());
      fill(tensor.offset() + next * type.bytes(), blocks * type.bytes());
      block = block.length < blocks * size ? new float[blocks * size] : block;
      for (int i = 0; i < blocks; i++) {
        type.widen(chunk, i * type.bytes(), block, i * size);
      }
      int part = Math.min(blocks * size - skip, left);
      for (int i = skip; shift != 0 && i < skip + part; i++) {
        block[i] -= shift;
      }
      target.put(block, skip, part);
      left -= part;
      skip = 0;
      next += blocks;
    }
  }

  private void fill(long position, int bytes) throws IOException {
    chunk = chunk.length < bytes ? new byte[bytes] : chunk;
    ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new ModelFormatException(
            file,
            "has become shorter since it was opened",
            "Fetch the file again and let no other program write it");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
