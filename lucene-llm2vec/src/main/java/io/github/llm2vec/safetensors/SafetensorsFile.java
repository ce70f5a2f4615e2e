/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.safetensors.SafetensorsHeader.StoredTensor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One open safetensors file. Owns its channel. Thread-safe.
 *
 * @param file the file that was opened
 */
record SafetensorsFile(
    Path file, FileChannel channel, SafetensorsHeader header, WeightReader reader)
    implements TensorSource {

  /**
   * Opens a file and checks its header.
   *
   * @param reader does the reading; shards of one model share it
   */
  static SafetensorsFile open(Path file, WeightReader reader) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new ModelUnavailableException(
          file.toString(), "does not exist", "Fetch the complete model", e);
    }
    try {
      return new SafetensorsFile(file, channel, SafetensorsHeader.read(file, channel), reader);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The entries of {@code __metadata__}. */
  Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public Set<String> names() {
    return header.tensors().keySet();
  }

  @Override
  public Optional<long[]> shape(String name) {
    return Optional.ofNullable(header.tensors().get(name)).map(StoredTensor::dimensions);
  }

  @Override
  public Optional<DType> dtype(String name) {
    return Optional.ofNullable(header.tensors().get(name)).flatMap(t -> t.type().weightType());
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer target) throws IOException {
    StoredTensor tensor =
        Optional.ofNullable(header.tensors().get(name))
            .orElseThrow(
                () -> new IllegalArgumentException(file + " has no tensor '" + name + "'"));
    DType type =
        tensor
            .type()
            .weightType()
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        file,
                        "tensor '" + name + "' has dtype " + tensor.type(),
                        "Use weights stored as F32, F16 or BF16"));
    if (firstElement < 0 || firstElement > tensor.elements() - target.remaining()) {
      throw new IllegalArgumentException(
          "elements %s to %s lie outside tensor '%s' of %s"
              .formatted(firstElement, firstElement + target.remaining(), name, tensor.elements()));
    }
    long position = header.dataStart() + tensor.begin() + firstElement * type.bytes();
    try {
      reader.read(channel, tensor.type(), position, target);
    } catch (EOFException e) {
      throw new ModelFormatException(
          file,
          "has become shorter since it was opened (" + e.getMessage() + ")",
          "Fetch the file again and let no other program write it",
          e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
