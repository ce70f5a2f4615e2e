/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Saves trained tensors to a safetensors file and loads them. Only some numbers at a time are in
 * memory.
 */
public final class TensorFile {

  private static final int BLOCK = 1 << 20;

  /**
   * A tensor of a file.
   *
   * @param name its name in the file
   * @param tensor the trained tensor
   * @param part what of it
   */
  public record Entry(String name, String tensor, Part part) {}

  private TensorFile() {}

  /** Tensors to write with {@link SafetensorsWriter}; their numbers are read when it needs them. */
  public static List<SafetensorsWriter.Tensor> of(TrainedTensors tensors, List<Entry> entries) {
    List<SafetensorsWriter.Tensor> result = new ArrayList<>();
    for (Entry entry : entries) {
      result.add(
          new SafetensorsWriter.Tensor(
              entry.name(),
              tensors.shape(entry.tensor()),
              (first, target) -> tensors.read(entry.part(), entry.tensor(), first, target)));
    }
    return result;
  }

  /** Writes a file. */
  public static void write(Path file, TrainedTensors tensors, List<Entry> entries, DType dtype)
      throws IOException {
    new SafetensorsWriter(dtype).write(file, of(tensors, entries));
  }

  /**
   * Reads a file into tensors.
   *
   * @throws IOException if the file is not of these tensors, or cannot be read
   */
  public static void read(Path file, TrainedTensors tensors, List<Entry> entries)
      throws IOException {
    try (TensorSource source = Safetensors.openFile(file)) {
      for (Entry entry : entries) {
        requireShape(file, source, entry, tensors.shape(entry.tensor()));
      }
      if (source.names().size() != entries.size()) {
        throw new IOException(
            "%s has %s tensors, expected %s; resume with the configuration that wrote it"
                .formatted(file, source.names().size(), entries.size()));
      }
      for (Entry entry : entries) {
        copy(source, entry, tensors);
      }
    }
  }

  private static void copy(TensorSource source, Entry entry, TrainedTensors tensors)
      throws IOException {
    long elements = tensors.shape(entry.tensor()).stream().reduce(1L, Math::multiplyExact);
    float[] block = new float[(int) Math.min(elements, BLOCK)];
    for (long first = 0; first < elements; first += block.length) {
      FloatBuffer values =
          FloatBuffer.wrap(block, 0, (int) Math.min(block.length, elements - first));
      source.read(entry.name(), first, values);
      tensors.write(entry.part(), entry.tensor(), first, values.flip());
    }
  }

  private static void requireShape(Path file, TensorSource source, Entry entry, List<Long> expected)
      throws IOException {
    Optional<long[]> found = source.shape(entry.name());
    long[] shape = expected.stream().mapToLong(Long::longValue).toArray();
    if (found.isEmpty() || !Arrays.equals(found.get(), shape)) {
      throw new IOException(
          "%s: tensor %s should have shape %s%s; resume with the configuration that wrote it"
              .formatted(
                  file,
                  entry.name(),
                  expected,
                  found.map(other -> ", has " + Arrays.toString(other)).orElse(", is missing")));
    }
  }
}
