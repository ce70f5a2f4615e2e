/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.vector;

import io.github.llm2vec.solr.update.text.TextHash;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The compact copy of a vector that is stored with a document, and what the vector belongs to. As
 * bytes, big-endian:
 *
 * <pre>
 * 1  format, 1
 * 1  origin: m, c, p or s
 * 1  bytes of a number: 4 or 2
 * 8  settings
 * 16 hash of the text
 * n  the numbers
 * </pre>
 *
 * @param origin where the vector comes from, or why there is none
 * @param settings stands for model, instruction, width and length of the texts; 0 if no model made
 *     it
 * @param text hash of the whole text of the document, or of the passage
 * @param values the vector; empty for an origin without one
 */
public record StoredVector(Origin origin, long settings, TextHash text, FloatList values) {

  /** Where a vector comes from. */
  public enum Origin {
    /** The model made it of the text. */
    MODEL('m'),
    /** The client brought it, or took it away if there are no values. */
    CLIENT('c'),
    /** It has none; its passages have theirs. */
    PASSAGES('p'),
    /** The text could not be encoded and the document was to go without. */
    SKIPPED('s');

    private final byte code;

    Origin(char code) {
      this.code = (byte) code;
    }

    private static Optional<Origin> of(byte code) {
      return Arrays.stream(values()).filter(origin -> origin.code == code).findFirst();
    }
  }

  private static final byte FORMAT = 1;
  private static final int HEADER = 3 + Long.BYTES + TextHash.BYTES;

  /** A copy without a vector. */
  public static StoredVector without(Origin origin, long settings, TextHash text) {
    return new StoredVector(origin, settings, text, new FloatList(new float[0]));
  }

  /** Hands over text and vector if the model made it by these settings. */
  public void ifMadeBy(long wanted, BiConsumer<TextHash, FloatList> taker) {
    if (origin == Origin.MODEL && settings == wanted) {
      taker.accept(text, values);
    }
  }

  /**
   * Writes it down.
   *
   * @param wanted for vectors that were rounded to it; those of clients are not
   */
  public byte[] toBytes(CopyPrecision wanted) {
    CopyPrecision precision = origin == Origin.CLIENT ? CopyPrecision.FLOAT32 : wanted;
    ByteBuffer bytes = ByteBuffer.allocate(HEADER + values.size() * precision.bytes());
    bytes.put(FORMAT).put(origin.code).put((byte) precision.bytes());
    bytes.putLong(settings).putLong(text.high()).putLong(text.low());
    for (float value : values) {
      precision.put(bytes, value);
    }
    return bytes.array();
  }

  /**
   * Reads the value of a field, in any form in which Solr hands binary values around; empty if it
   * is missing or none of ours.
   */
  public static Optional<StoredVector> read(Object value) {
    if (value instanceof byte[] bytes) {
      return parse(ByteBuffer.wrap(bytes));
    }
    if (value instanceof ByteBuffer bytes) {
      return parse(bytes.slice());
    }
    if (value instanceof CharSequence base64) {
      try {
        return parse(ByteBuffer.wrap(Base64.getDecoder().decode(base64.toString())));
      } catch (IllegalArgumentException e) {
        // A client may write anything there; it is then as good as missing.
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static Optional<StoredVector> parse(ByteBuffer bytes) {
    if (bytes.remaining() < HEADER || bytes.get() != FORMAT) {
      return Optional.empty();
    }
    Optional<Origin> origin = Origin.of(bytes.get());
    Optional<CopyPrecision> precision = CopyPrecision.of(bytes.get());
    if (origin.isEmpty() || precision.isEmpty()) {
      return Optional.empty();
    }
    long settings = bytes.getLong();
    TextHash text = new TextHash(bytes.getLong(), bytes.getLong());
    if (bytes.remaining() % precision.get().bytes() != 0) {
      return Optional.empty();
    }
    float[] values = new float[bytes.remaining() / precision.get().bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] = precision.get().get(bytes);
    }
    return Optional.of(new StoredVector(origin.get(), settings, text, new FloatList(values)));
  }
}
