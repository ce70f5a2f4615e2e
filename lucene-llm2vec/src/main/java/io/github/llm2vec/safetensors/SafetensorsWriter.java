/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.FileChannels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * Writes a safetensors file that appears under its name only when it is complete and on disk.
 *
 * <p>The header is padded with spaces so that the data start at a multiple of 8, and carries the
 * metadata {@code {"format": "pt"}} that transformers asks for. Tensors keep the order given.
 */
public final class SafetensorsWriter {

  private static final int CHUNK_ELEMENTS = 1 << 18;
  private static final JsonMapper MAPPER = new JsonMapper();

  private final Function<String, DType> dtypes;

  /**
   * A writer that stores all tensors in one format.
   *
   * @param dtype narrowing to it rounds to nearest, ties to even
   */
  public SafetensorsWriter(DType dtype) {
    this(name -> dtype);
  }

  /**
   * A writer that stores every tensor in a format of its own.
   *
   * @param dtypes the format of a tensor by its name; narrowing rounds to nearest, ties to even
   */
  public SafetensorsWriter(Function<String, DType> dtypes) {
    this.dtypes = dtypes;
  }

  /**
   * A tensor to write.
   *
   * @param name unique in the file
   * @param shape its dimensions
   * @param values hands out the elements, row-major
   */
  public record Tensor(String name, List<Long> shape, Values values) {

    /** Copies the shape. */
    public Tensor {
      shape = List.copyOf(shape);
    }

    /** A tensor as it stands in a source, which must be open while it is written. */
    public static Tensor of(TensorSource source, String name) {
      long[] shape = source.shape(name).orElseThrow();
      return new Tensor(
          name,
          Arrays.stream(shape).boxed().toList(),
          (first, target) -> source.read(name, first, target));
    }

    /** A tensor whose elements lie in memory, from the buffer's position to its limit. */
    public static Tensor of(String name, List<Long> shape, FloatBuffer elements) {
      int start = elements.position();
      return new Tensor(
          name,
          shape,
          (first, target) ->
              target.put(elements.slice(Math.toIntExact(start + first), target.remaining())));
    }

    private long elements() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }
  }

  /** Hands out consecutive elements of a tensor that need not fit into memory. */
  @FunctionalInterface
  public interface Values {

    /** Fills {@code target} from its position to its limit with elements from {@code first} on. */
    void read(long first, FloatBuffer target) throws IOException;
  }

  /**
   * Writes a file, replacing one of that name.
   *
   * @throws IllegalArgumentException if two tensors have the same name
   * @throws IOException if writing fails; the file is then as it was before
   */
  public void write(Path file, List<Tensor> tensors) throws IOException {
    byte[] header = header(tensors);
    Path temporary =
        file.toAbsolutePath()
            .resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        FileChannels.write(channel, prefix.putLong(header.length).flip());
        FileChannels.write(channel, ByteBuffer.wrap(header));
        for (Tensor tensor : tensors) {
          writeValues(channel, tensor);
        }
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private byte[] header(List<Tensor> tensors) throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    root.putObject("__metadata__").put("format", "pt");
    long begin = 0;
    for (Tensor tensor : tensors) {
      if (root.has(tensor.name())) {
        throw new IllegalArgumentException("two tensors are named '" + tensor.name() + "'");
      }
      DType dtype = dtypes.apply(tensor.name());
      long end = Math.addExact(begin, Math.multiplyExact(tensor.elements(), dtype.bytes()));
      ObjectNode entry = root.putObject(tensor.name());
      entry.put("dtype", StoredType.of(dtype).name());
      ArrayNode shape = entry.putArray("shape");
      tensor.shape().forEach(shape::add);
      entry.putArray("data_offsets").add(begin).add(end);
      begin = end;
    }
    byte[] json = MAPPER.writeValueAsBytes(root);
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return padded;
  }

  private void writeValues(FileChannel channel, Tensor tensor) throws IOException {
    DType dtype = dtypes.apply(tensor.name());
    long elements = tensor.elements();
    int chunk = (int) Math.min(elements, CHUNK_ELEMENTS);
    float[] floats = new float[chunk];
    ByteBuffer bytes = ByteBuffer.allocateDirect(chunk * dtype.bytes());
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    for (long first = 0; first < elements; first += chunk) {
      int count = (int) Math.min(chunk, elements - first);
      FloatBuffer target = FloatBuffer.wrap(floats, 0, count);
      tensor.values().read(first, target);
      if (target.hasRemaining()) {
        throw new IOException("tensor '" + tensor.name() + "' was not given all its elements");
      }
      bytes.clear();
      for (int i = 0; i < count; i++) {
        switch (dtype) {
          case FLOAT32 -> bytes.putFloat(floats[i]);
          case FLOAT16 -> bytes.putShort(HalfFloats.toFloat16(floats[i]));
          case BFLOAT16 -> bytes.putShort(HalfFloats.toBfloat16(floats[i]));
          case INT8, INT4 -> throw dtype.notStored();
        }
      }
      FileChannels.write(channel, bytes.flip());
    }
  }
}
