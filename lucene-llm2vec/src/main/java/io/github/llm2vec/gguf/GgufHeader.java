/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.gguf;

import io.github.llm2vec.files.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The first part of a GGUF file (versions 2 and 3, little-endian), checked: metadata by key, then
 * where every tensor lies. The file is untrusted: every count and length is compared with what is
 * left of the file before anything of that size is allocated, and tensors must lie inside the file,
 * aligned and apart from each other.
 *
 * @param metadata values by key: {@link Long}, {@link Double}, {@link Boolean}, {@link String}, or
 *     a list of one of these
 * @param tensors by name, in the order of the file
 * @param dataStart offset of the first byte of the tensors' data
 */
public record GgufHeader(
    Map<String, Object> metadata, Map<String, Tensor> tensors, long dataStart) {

  /** Longest header that is read; the largest vocabularies take a tenth of it. */
  static final long MAX_BYTES = 256L << 20;

  private static final int MAGIC = 0x46554747; // "GGUF"
  private static final int MAX_ENTRIES = 1 << 16;
  private static final int MAX_TENSORS = 1 << 17;
  private static final int MAX_NAME = 256;
  private static final int MAX_DIMENSIONS = 4;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  // Bytes of a value of every type, at least; strings and arrays begin with their lengths.
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  private static final String DAMAGED = "Fetch the file again; it is damaged or no GGUF file";

  /**
   * Where a tensor lies.
   *
   * @param shape its dimensions as Hugging Face writes them: rows first, then columns
   * @param type how its elements are stored
   * @param offset of its first byte in the file
   */
  record Tensor(List<Long> shape, GgufType type, long offset) {

    /** Copies the shape. */
    Tensor {
      shape = List.copyOf(shape);
    }

    long elements() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    long bytes() {
      return elements() / type.elements() * type.bytes();
    }

    long columns() {
      return shape.get(shape.size() - 1);
    }
  }

  /**
   * Reads and checks the header of an open file.
   *
   * @throws ModelFormatException if anything in it contradicts itself or the file's size
   */
  public static GgufHeader read(Path file, FileChannel channel) throws IOException {
    Parser parser = new Parser(file, channel);
    return parser.parse();
  }

  private static final class Parser {

    private static final int CHUNK = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final long size; // of the file
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    private long position; // in the file, of what is behind the chunk

    Parser(Path file, FileChannel channel) throws IOException {
      this.file = file;
      this.channel = channel;
      this.size = channel.size();
      chunk.limit(0);
    }

    GgufHeader parse() throws IOException {
      if (size < 24 || int32() != MAGIC) {
        throw wrong("does not begin with GGUF");
      }
      int version = int32();
      if (version != 2 && version != 3) {
        throw wrong(
            "has version %s, expected 2 or 3 (little-endian)"
                .formatted(Integer.toUnsignedString(version)));
      }
      long tensorCount = count("tensors", MAX_TENSORS, 25);
      long entries = count("metadata entries", MAX_ENTRIES, 13);
      Map<String, Object> metadata = new LinkedHashMap<>();
      for (long i = 0; i < entries; i++) {
        String key = string(MAX_NAME);
        if (metadata.put(key, value(int32(), key)) != null) {
          throw wrong("has '" + key + "' twice");
        }
      }
      long alignment = alignment(metadata);
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (long i = 0; i < tensorCount; i++) {
        String name = string(MAX_NAME);
        if (tensors.put(name, tensor(name, alignment)) != null) {
          throw wrong("has tensor '" + name + "' twice");
        }
      }
      long dataStart = (at() + alignment - 1) / alignment * alignment;
      return new GgufHeader(
          Collections.unmodifiableMap(metadata), placed(tensors, dataStart), dataStart);
    }

    private long alignment(Map<String, Object> metadata) throws ModelFormatException {
      Object value = metadata.getOrDefault("general.alignment", 32L);
      if (!(value instanceof Long n) || n < 1 || n > 1 << 20 || Long.bitCount(n) != 1) {
        throw wrong("has general.alignment " + value + ", expected a power of two");
      }
      return n;
    }

    private Tensor tensor(String name, long alignment) throws IOException {
      int dimensions = int32();
      if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
        throw wrong(
            "tensor '" + name + "' has " + Integer.toUnsignedString(dimensions) + " dimensions");
      }
      List<Long> shape = new ArrayList<>();
      long elements = 1;
      for (int i = 0; i < dimensions; i++) {
        long dimension = int64();
        if (dimension < 1 || dimension > Long.MAX_VALUE / 8 / elements) {
          throw wrong("tensor '" + name + "' has more elements than can be");
        }
        elements *= dimension;
        shape.add(0, dimension);
      }
      int code = int32();
      GgufType type =
          GgufType.of(code)
              .orElseThrow(
                  () ->
                      new ModelFormatException(
                          file,
                          "stores tensor '%s' as ggml type %s, which is not supported"
                              .formatted(name, Integer.toUnsignedString(code)),
                          "Use F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 or Q2_K to Q6_K"));
      if (shape.get(shape.size() - 1) % type.elements() != 0) {
        throw wrong("tensor '" + name + "' has rows that are no whole blocks of " + type);
      }
      long offset = int64();
      if (offset < 0 || offset % alignment != 0) {
        throw wrong("tensor '" + name + "' begins at byte " + Long.toUnsignedString(offset));
      }
      return new Tensor(shape, type, offset);
    }

    /** Checks that all tensors lie inside the file and apart, and counts from the file's begin. */
    private Map<String, Tensor> placed(Map<String, Tensor> tensors, long dataStart)
        throws ModelFormatException {
      List<Map.Entry<String, Tensor>> sorted = new ArrayList<>(tensors.entrySet());
      sorted.sort(Comparator.comparingLong(entry -> entry.getValue().offset()));
      Map<String, Tensor> placed = new LinkedHashMap<>();
      long free = 0;
      for (Map.Entry<String, Tensor> entry : sorted) {
        Tensor tensor = entry.getValue();
        if (tensor.offset() < free) {
          throw wrong("tensor '" + entry.getKey() + "' lies inside another");
        }
        if (tensor.offset() > size - dataStart - tensor.bytes()) {
          throw wrong("tensor '" + entry.getKey() + "' ends behind the file (is it cut off?)");
        }
        free = tensor.offset() + tensor.bytes();
        placed.put(
            entry.getKey(), new Tensor(tensor.shape(), tensor.type(), dataStart + tensor.offset()));
      }
      return Collections.unmodifiableMap(placed);
    }

    private Object value(int type, String key) throws IOException {
      return switch (type) {
        case 0 -> (long) (int8() & 0xFF);
        case 1 -> (long) int8();
        case 2 -> (long) (int16() & 0xFFFF);
        case 3 -> (long) int16();
        case 4 -> Integer.toUnsignedLong(int32());
        case 5 -> (long) int32();
        case 6 -> (double) Float.intBitsToFloat(int32());
        case 7 -> int8() != 0;
        case STRING -> string(Integer.MAX_VALUE);
        case ARRAY -> array(key);
        case 10, 11 -> int64();
        case 12 -> Double.longBitsToDouble(int64());
        default -> throw wrong("'" + key + "' has type " + Integer.toUnsignedString(type));
      };
    }

    private List<Object> array(String key) throws IOException {
      int type = int32();
      if (type < 0 || type >= SIZES.length || type == ARRAY) {
        throw wrong("'" + key + "' is a list of type " + Integer.toUnsignedString(type));
      }
      int length = (int) count("elements in '" + key + "'", Integer.MAX_VALUE, SIZES[type]);
      List<Object> values = new ArrayList<>(Math.min(length, 1 << 10));
      for (int i = 0; i < length; i++) {
        values.add(value(type, key));
      }
      return Collections.unmodifiableList(values);
    }

    /** A number of things that take at least so many bytes of what is left of the file. */
    private long count(String what, long limit, int bytesEach) throws IOException {
      long count = int64();
      if (count < 0 || count > limit || count > left() / bytesEach) {
        throw wrong(
            "claims %s %s; %s bytes of it are left"
                .formatted(Long.toUnsignedString(count), what, left()));
      }
      return count;
    }

    private String string(int limit) throws IOException {
      long length = int64();
      if (length < 0 || length > limit || length > left()) {
        throw wrong("has a string of " + Long.toUnsignedString(length) + " bytes");
      }
      byte[] bytes = new byte[(int) length];
      for (int done = 0; done < bytes.length; ) {
        need(1);
        int part = Math.min(bytes.length - done, chunk.remaining());
        chunk.get(bytes, done, part);
        done += part;
      }
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        throw new ModelFormatException(file, "has a string that is not UTF-8", DAMAGED, e);
      }
    }

    private byte int8() throws IOException {
      need(1);
      return chunk.get();
    }

    private short int16() throws IOException {
      need(2);
      return chunk.getShort();
    }

    private int int32() throws IOException {
      need(4);
      return chunk.getInt();
    }

    private long int64() throws IOException {
      need(8);
      return chunk.getLong();
    }

    private long at() {
      return position - chunk.remaining();
    }

    private long left() {
      return Math.min(size, MAX_BYTES) - at();
    }

    /** Makes sure that the next bytes are in the chunk. */
    private void need(int bytes) throws IOException {
      if (bytes > left()) {
        throw wrong("ends in its header" + (size > MAX_BYTES ? ", which is too long" : ""));
      }
      if (chunk.remaining() < bytes) {
        chunk.compact();
        while (chunk.position() < bytes) {
          int read = channel.read(chunk, position);
          if (read < 0) {
            throw wrong("became shorter while it was read");
          }
          position += read;
        }
        chunk.flip();
      }
    }

    private ModelFormatException wrong(String problem) {
      return new ModelFormatException(file, problem, DAMAGED);
    }
  }
}
