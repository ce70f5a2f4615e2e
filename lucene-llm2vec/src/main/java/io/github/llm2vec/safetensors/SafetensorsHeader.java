/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.github.llm2vec.files.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The first part of a safetensors file, checked: an unsigned little-endian 64-bit length N, then N
 * bytes of UTF-8 JSON that starts with a brace and maps each tensor's name to {@code {"dtype",
 * "shape", "data_offsets": [begin, end]}}; {@code __metadata__} maps strings to strings. The data
 * follow at once and are covered by the tensors without gap, overlap or rest.
 *
 * <p>The file is untrusted: nothing is allocated before the length was compared with the file.
 *
 * @param tensors by name, in the order of their data
 * @param metadata the entries of {@code __metadata__}
 * @param dataStart offset of the first byte behind the header
 */
public record SafetensorsHeader(
    Map<String, StoredTensor> tensors, Map<String, String> metadata, long dataStart) {

  /** Longest header that is read, as in the reference reader. */
  static final int MAX_BYTES = 100_000_000;

  private static final String DAMAGED = "Fetch the file again; it is damaged or not safetensors";

  /**
   * Reads and checks the header of an open file.
   *
   * @param file names the file in errors
   * @throws ModelFormatException if anything in it contradicts itself or the file's size
   */
  public static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long fileSize = channel.size();
    ByteBuffer prefix = ByteBuffer.wrap(read(file, channel, 0, 8, fileSize));
    long length = prefix.order(ByteOrder.LITTLE_ENDIAN).getLong();
    // As an unsigned number a negative one is beyond 2^63.
    if (length < 0 || length > MAX_BYTES || length > fileSize - 8) {
      throw new ModelFormatException(
          file,
          "claims a header of %s bytes; the file has %s and the limit is %s"
              .formatted(Long.toUnsignedString(length), fileSize, MAX_BYTES),
          DAMAGED);
    }
    if (length < 2) {
      throw new ModelFormatException(
          file, "claims a header of " + length + " bytes; {} needs 2", DAMAGED);
    }
    byte[] text = read(file, channel, 8, (int) length, fileSize);
    if (text[0] != '{') {
      throw new ModelFormatException(file, "has a header that does not start with {", DAMAGED);
    }
    long dataSize = fileSize - 8 - length;
    try {
      HeaderParser parser = new HeaderParser(file, text);
      parser.parse();
      return new SafetensorsHeader(
          inOrder(file, parser.tensors(), dataSize), parser.metadata(), 8 + length);
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "has a header that is not valid UTF-8", DAMAGED, e);
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(
          file, "has a header that is not valid (" + e.getOriginalMessage() + ")", DAMAGED, e);
    }
  }

  private static byte[] read(
      Path file, FileChannel channel, long position, int length, long fileSize) throws IOException {
    if (position + length > fileSize) {
      throw new ModelFormatException(
          file, "has " + fileSize + " bytes, too few for a safetensors file", DAMAGED);
    }
    byte[] bytes = new byte[length];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new ModelFormatException(
            file, "became shorter while it was read", "Let no other program write the file");
      }
    }
    return bytes;
  }

  private static Map<String, StoredTensor> inOrder(
      Path file, List<StoredTensor> tensors, long dataSize) throws ModelFormatException {
    List<StoredTensor> sorted = new ArrayList<>(tensors);
    sorted.sort(Comparator.comparingLong(StoredTensor::begin).thenComparingLong(StoredTensor::end));
    Map<String, StoredTensor> byName = new LinkedHashMap<>();
    long expected = 0;
    for (StoredTensor tensor : sorted) {
      if (tensor.begin() != expected) {
        throw new ModelFormatException(
            file,
            "tensor '%s' begins at byte %s".formatted(tensor.name(), tensor.begin())
                + (tensor.begin() < expected ? ", inside the tensor before it" : ", after a gap")
                + "; expected "
                + expected,
            DAMAGED);
      }
      expected = tensor.end();
      byName.put(tensor.name(), tensor);
    }
    if (expected != dataSize) {
      throw new ModelFormatException(
          file,
          "holds %s bytes of data, its header describes %s%s"
              .formatted(dataSize, expected, expected > dataSize ? " (the file is cut off)" : ""),
          DAMAGED);
    }
    return Collections.unmodifiableMap(byName);
  }

  /**
   * Where a tensor lies in a safetensors file.
   *
   * @param name its key in the header
   * @param type its element type
   * @param shape sizes of its dimensions; empty for a scalar
   * @param begin offset of its first byte, counted from the end of the header
   * @param end offset behind its last byte
   */
  record StoredTensor(String name, StoredType type, List<Long> shape, long begin, long end) {

    /** Copies the shape. */
    StoredTensor {
      shape = List.copyOf(shape);
    }

    /** Number of elements. */
    long elements() {
      return (end - begin) * 8 / type.bits();
    }

    /** The shape as an array of the caller's own. */
    long[] dimensions() {
      return shape.stream().mapToLong(Long::longValue).toArray();
    }
  }
}
