/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A writer of TensorBoard event files: records of TensorFlow's TFRecord format (length, its
 * checksum, data, their checksum; checksums are CRC-32C, rotated and offset), each an {@code Event}
 * of TensorFlow's {@code event.proto} in the encoding of Protocol Buffers. Only scalars are
 * written.
 */
public final class EventFile {

  private static final int CRC_OFFSET = 0xa282ead8;
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final Path file;
  private final Clock clock;

  /**
   * Begins a file.
   *
   * @param folder gets the file; created if need be
   * @param step updates made already; TensorBoard forgets what earlier files say of later ones
   */
  public EventFile(Path folder, long step, Clock clock) throws IOException {
    this.clock = clock;
    Files.createDirectories(folder);
    long millis = clock.millis();
    // TensorBoard reads files in the order of their names.
    this.file =
        folder.resolve(
            String.format(
                Locale.ROOT,
                "events.out.tfevents.%010d.llm2vec.%03d",
                millis / 1000,
                millis % 1000));
    Files.deleteIfExists(file);
    Message version = event(0).text(3, "brain.Event:2");
    append(version);
    if (step > 0) {
      append(event(step + 1).message(7, new Message().number(1, 1)));
    }
  }

  /** Where the events are. */
  public Path path() {
    return file;
  }

  /** Appends figures, named as Hugging Face's Trainer names them there. */
  public void write(MetricRecord metric) throws IOException {
    Message summary = new Message();
    for (Map.Entry<String, Double> value : metric.values().entrySet()) {
      summary.message(
          1, new Message().text(1, tag(value.getKey())).single(2, value.getValue().floatValue()));
    }
    append(event(metric.step()).message(5, summary));
  }

  private static String tag(String name) {
    if (name.startsWith("eval_")) {
      return "eval/" + name.substring("eval_".length());
    }
    // It follows from the loss of an evaluation, whatever its name.
    return (name.equals("perplexity") ? "eval/" : "train/") + name;
  }

  private Message event(long step) {
    Message event = new Message().real(1, clock.millis() / 1000.0);
    // A field of 0 is left out, as Protocol Buffers' own writers do.
    return step == 0 ? event : event.number(2, step);
  }

  private void append(Message message) throws IOException {
    byte[] data = message.bytes();
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    length.putLong(0, data.length);
    ByteBuffer buffer = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    buffer.put(length.array()).putInt(checksum(length.array())).put(data).putInt(checksum(data));
    Files.write(file, buffer.array(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static int checksum(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    return Integer.rotateRight((int) crc.getValue(), 15) + CRC_OFFSET;
  }

  /** A message of Protocol Buffers: fields, each a key of number and kind, then its value. */
  private static final class Message {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] bytes() {
      return out.toByteArray();
    }

    Message number(int field, long value) {
      key(field, VARINT);
      varint(value);
      return this;
    }

    Message real(int field, double value) {
      key(field, FIXED64);
      ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      out.writeBytes(bytes.putDouble(value).array());
      return this;
    }

    Message single(int field, float value) {
      key(field, FIXED32);
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      out.writeBytes(bytes.putFloat(value).array());
      return this;
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes());
    }

    private Message bytes(int field, byte[] value) {
      key(field, BYTES);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    private void key(int field, int kind) {
      varint(((long) field << 3) | kind);
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        out.write((int) ((rest & 0x7F) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
