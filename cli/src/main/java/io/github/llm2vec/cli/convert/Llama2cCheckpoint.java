/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.convert;

import io.github.llm2vec.safetensors.SafetensorsWriter.Tensor;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A checkpoint of <a href="https://github.com/karpathy/llama2.c">llama2.c</a> in its legacy format,
 * seen as the tensors of a Hugging Face Llama.
 *
 * <p>After the header come, all float32 and little-endian: embedding {@code [V, H]}; then for all
 * layers together attention norms {@code [L, H]}, q {@code [L, H, H]}, k and v {@code [L, K*D, H]},
 * output {@code [L, H, H]}, MLP norms {@code [L, H]}, gate {@code [L, I, H]}, down {@code [L, H,
 * I]}, up {@code [L, I, H]}; the final norm {@code [H]}; cosines and sines {@code [positions, D/2]}
 * each, which are not needed; and the output layer {@code [V, H]} unless it is the embedding.
 */
final class Llama2cCheckpoint implements Closeable {

  private final FileChannel file;
  private final Llama2cHeader header;
  private final List<Tensor> tensors = new ArrayList<>();
  private long position = Llama2cHeader.BYTES;

  private Llama2cCheckpoint(FileChannel file, Llama2cHeader header) {
    this.file = file;
    this.header = header;
  }

  /**
   * Opens a file and checks that it has the size its header calls for.
   *
   * @throws IOException if it is not such a checkpoint or is cut off
   */
  static Llama2cCheckpoint open(Path path) throws IOException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
    try {
      if (file.size() < Llama2cHeader.BYTES) {
        throw new IOException(path + " is too short for a llama2.c checkpoint");
      }
      ByteBuffer start = ByteBuffer.allocate(Llama2cHeader.BYTES);
      readFully(file, start, 0);
      Llama2cHeader header = Llama2cHeader.parse(start.flip(), path.toString());
      checkSize(path, header, file.size());
      Llama2cCheckpoint checkpoint = new Llama2cCheckpoint(file, header);
      checkpoint.layOut();
      return checkpoint;
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private static void checkSize(Path path, Llama2cHeader header, long found) throws IOException {
    String expected;
    try {
      long bytes = header.fileBytes();
      if (bytes == found) {
        return;
      }
      expected = Long.toString(bytes);
    } catch (ArithmeticException e) {
      expected = "more than 2^63";
    }
    throw new IOException(
        path
            + " should have "
            + expected
            + " bytes by its header but has "
            + found
            + "; it is cut off or of another format");
  }

  Llama2cHeader header() {
    return header;
  }

  /** The tensors under their Hugging Face names, readable while this is open. */
  List<Tensor> tensors() {
    return List.copyOf(tensors);
  }

  private void layOut() {
    int hidden = header.hidden();
    int kvWidth = header.kvWidth();
    int intermediate = header.intermediate();
    add("model.embed_tokens.weight", List.of((long) header.vocab(), (long) hidden));
    vectorPerLayer("input_layernorm", hidden);
    rotaryPerLayer("self_attn.q_proj", hidden);
    rotaryPerLayer("self_attn.k_proj", kvWidth);
    matrixPerLayer("self_attn.v_proj", kvWidth, hidden);
    matrixPerLayer("self_attn.o_proj", hidden, hidden);
    vectorPerLayer("post_attention_layernorm", hidden);
    matrixPerLayer("mlp.gate_proj", intermediate, hidden);
    matrixPerLayer("mlp.down_proj", hidden, intermediate);
    matrixPerLayer("mlp.up_proj", intermediate, hidden);
    add("model.norm.weight", List.of((long) hidden));
    position += 2L * header.positions() * (header.headDim() / 2) * Float.BYTES;
    if (!header.sharedClassifier()) {
      add("lm_head.weight", List.of((long) header.vocab(), (long) hidden));
    }
  }

  private void vectorPerLayer(String name, int size) {
    for (int layer = 0; layer < header.layers(); layer++) {
      add(inLayer(layer, name), List.of((long) size));
    }
  }

  private void matrixPerLayer(String name, int rows, int columns) {
    for (int layer = 0; layer < header.layers(); layer++) {
      add(inLayer(layer, name), List.of((long) rows, (long) columns));
    }
  }

  private void rotaryPerLayer(String name, int rows) {
    int columns = header.hidden();
    for (int layer = 0; layer < header.layers(); layer++) {
      long start = position;
      int headDim = header.headDim();
      tensors.add(
          new Tensor(
              inLayer(layer, name),
              List.of((long) rows, (long) columns),
              (first, target) -> readHalfSplit(start, headDim, first, target)));
      position += (long) rows * columns * Float.BYTES;
    }
  }

  private void add(String name, List<Long> shape) {
    long start = position;
    tensors.add(
        new Tensor(name, shape, (first, target) -> read(start + first * Float.BYTES, target)));
    position += shape.stream().reduce(1L, Math::multiplyExact) * Float.BYTES;
  }

  private static String inLayer(int layer, String name) {
    return "model.layers." + layer + "." + name + ".weight";
  }

  private void read(long start, FloatBuffer target) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(target.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(file, bytes, start);
    target.put(bytes.flip().asFloatBuffer());
  }

  /** Reads a q or k projection row by row, each row from where {@link #adjacentRow} says. */
  private void readHalfSplit(long start, int headDim, long first, FloatBuffer target)
      throws IOException {
    int columns = header.hidden();
    long element = first;
    while (target.hasRemaining()) {
      int row = Math.toIntExact(element / columns);
      int column = (int) (element % columns);
      FloatBuffer part =
          target.slice(target.position(), Math.min(columns - column, target.remaining()));
      int length = part.remaining();
      long source = (long) adjacentRow(row, headDim) * columns + column;
      read(start + source * Float.BYTES, part);
      target.position(target.position() + length);
      element += length;
    }
  }

  /**
   * Where a row of a half-split projection stands in llama2.c's. Both turn pairs of a head's
   * dimensions by the same angles, but llama2.c pairs neighbours (2i, 2i+1) and Hugging Face pairs
   * halves (i, i + D/2).
   */
  static int adjacentRow(int row, int headDim) {
    int head = row / headDim;
    int dimension = row % headDim;
    int half = headDim / 2;
    int adjacent = dimension < half ? 2 * dimension : 2 * (dimension - half) + 1;
    return head * headDim + adjacent;
  }

  private static void readFully(FileChannel file, ByteBuffer target, long start)
      throws IOException {
    long from = start;
    while (target.hasRemaining()) {
      int read = file.read(target, from);
      if (read < 0) {
        throw new EOFException("the checkpoint became shorter while it was read");
      }
      from += read;
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
