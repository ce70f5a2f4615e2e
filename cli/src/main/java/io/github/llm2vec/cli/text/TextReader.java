/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.text;

import io.github.llm2vec.trainer.data.LineReader;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.zip.GZIPInputStream;

/**
 * Reads texts one after the other, so that input of any size needs the memory of one line. Gzip is
 * recognised by its first bytes, whatever the file is called.
 */
public final class TextReader implements RecordStream<TextReader.TextRecord> {

  /**
   * One text of an input file.
   *
   * @param id its name in the file, or the number of its line
   * @param title its heading, "" if it has none
   * @param text the text itself
   */
  public record TextRecord(String id, String title, String text) {

    /** Rejects null. */
    public TextRecord {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(title, "title");
      Objects.requireNonNull(text, "text");
    }

    /**
     * Title and text with a blank between them, as the BEIR and MTEB benchmarks encode documents.
     */
    public String content() {
      return title.isEmpty() ? text : (title + " " + text).strip();
    }
  }

  /** File formats of texts. */
  public enum TextFormat {
    /**
     * JSON lines if the name ends in .jsonl, .ndjson or .json, or if the first line is an object.
     */
    AUTO,
    /**
     * One JSON object per line: {@code id} or {@code _id}, optionally {@code title}, {@code text}.
     */
    JSONL,
    /** One text per line, its id the number of the line. */
    TXT;

    /** The format that a file's name tells, or {@link #AUTO}. */
    static TextFormat ofName(String fileName) {
      String name = fileName.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
      if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
        return JSONL;
      }
      return name.endsWith(".txt") ? TXT : AUTO;
    }
  }

  /** Takes a second or so to read. */
  private static final long MAX_COUNTED_BYTES = 256 << 20;

  private static final int GZIP_MAGIC = 0x8b1f;

  /** Small, since what is read ahead counts as done when the rest is estimated. */
  private static final int BUFFER_BYTES = 1 << 13;

  private final InputStream raw;
  private final Optional<SeekableByteChannel> file;
  private final LineReader lines;
  private final String source;
  private TextFormat format;

  private TextReader(
      InputStream raw, Optional<SeekableByteChannel> file, String source, TextFormat format)
      throws IOException {
    this.raw = raw;
    this.file = file;
    this.lines = new LineReader(unpacked(raw), source);
    this.source = source;
    this.format = format;
  }

  /**
   * Opens a file.
   *
   * @param file plain or gzipped
   * @param format how to read it; {@link TextFormat#AUTO} looks at its name, then at its first line
   */
  public static TextReader open(Path file, TextFormat format) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    TextFormat known =
        format == TextFormat.AUTO ? TextFormat.ofName(file.getFileName().toString()) : format;
    SeekableByteChannel channel = Files.newByteChannel(file);
    try {
      return new TextReader(
          Channels.newInputStream(channel), Optional.of(channel), file.toString(), known);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Counts the texts of a file, unless it is so large that this would take long.
   *
   * @param file as for {@link #open}
   */
  public static OptionalLong count(Path file, TextFormat format) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > MAX_COUNTED_BYTES) {
      return OptionalLong.empty();
    }
    try (TextReader reader = open(file, format)) {
      long texts = 0;
      for (Optional<String> line = reader.nextLine(); line.isPresent(); line = reader.nextLine()) {
        texts++;
      }
      return OptionalLong.of(texts);
    }
  }

  /** Reads a stream of unknown length, such as standard input. */
  public static TextReader of(InputStream in, String source, TextFormat format) throws IOException {
    return new TextReader(in, Optional.empty(), source, format);
  }

  /** The next text, or empty at the end. */
  @Override
  public Optional<TextRecord> next() throws IOException {
    Optional<String> line = nextLine();
    if (line.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        format == TextFormat.TXT
            ? new TextRecord(Long.toString(lines.line()), "", line.get())
            : new JsonTextParser(source, lines.line()).parse(line.get()));
  }

  /** The next line that is a text. */
  private Optional<String> nextLine() throws IOException {
    Optional<String> line = lines.next();
    if (line.isPresent() && format == TextFormat.AUTO) {
      format = line.get().stripLeading().startsWith("{") ? TextFormat.JSONL : TextFormat.TXT;
    }
    while (line.isPresent() && format == TextFormat.JSONL && line.get().isBlank()) {
      line = lines.next();
    }
    return line;
  }

  /** The part of the file that has been read, 0 to 1, if its length is known. */
  public OptionalDouble fraction() {
    try {
      return file.isEmpty() || file.get().size() == 0
          ? OptionalDouble.empty()
          : OptionalDouble.of(Math.min(1.0, (double) file.get().position() / file.get().size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    raw.close();
  }

  private static InputStream unpacked(InputStream raw) throws IOException {
    BufferedInputStream in = new BufferedInputStream(raw, BUFFER_BYTES);
    in.mark(2);
    int magic = in.read() | in.read() << 8;
    in.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(in, BUFFER_BYTES) : in;
  }
}
