/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.tokenclassification.WordStates;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The states of all labelled words of a dataset in a file, because a frozen model gives the same
 * ones in every epoch: training runs the model once over the data. Building that was interrupted
 * goes on where it stood. Used by one thread.
 */
final class StateStore implements Closeable {

  private static final int SENTENCES_AT_ONCE = 64;

  private final FileChannel channel;
  private final int hiddenSize;
  private final long[] firstRow; // one per sentence, and the end
  private final List<WordRow> sentences;

  /** Told how many sentences have their states. */
  @FunctionalInterface
  interface Progress {
    void stored(int sentences, int all) throws IOException;
  }

  private StateStore(FileChannel channel, int hiddenSize, List<WordRow> sentences) {
    this.channel = channel;
    this.hiddenSize = hiddenSize;
    this.sentences = sentences;
    this.firstRow = new long[sentences.size() + 1];
    for (int i = 0; i < sentences.size(); i++) {
      firstRow[i + 1] = firstRow[i] + positions(sentences.get(i)).length;
    }
  }

  /**
   * Opens the states of a dataset, computing those that are not there.
   *
   * @param file takes the states, {@code (words, H)} floats, little-endian
   * @param model identity of the model and of how its states are taken
   */
  static StateStore build(
      Path file, String model, WordData data, WordStates states, Progress progress)
      throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    String key = model + "\n" + new WordDigest().add(data).hex() + "\n";
    Path keyFile = file.resolveSibling(file.getFileName() + ".key");
    boolean same =
        Files.isRegularFile(keyFile)
            && Files.readString(keyFile, StandardCharsets.UTF_8).equals(key);
    if (!same) {
      Files.deleteIfExists(file);
      Files.writeString(keyFile, key, StandardCharsets.UTF_8);
    }
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      StateStore store = new StateStore(channel, states.hiddenSize(), data.rows());
      store.fill(states, progress);
      return store;
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private void fill(WordStates states, Progress progress) throws IOException {
    long rows = channel.size() / rowBytes();
    int next = 0;
    while (next < sentences.size() && firstRow[next + 1] <= rows) {
      next++;
    }
    channel.truncate(firstRow[next] * rowBytes());
    if (next > 0) {
      progress.stored(next, sentences.size());
    }
    while (next < sentences.size()) {
      int end = Math.min(sentences.size(), next + SENTENCES_AT_ONCE);
      List<WordStates.Sentence> asked = new ArrayList<>();
      for (WordRow row : sentences.subList(next, end)) {
        asked.add(sentence(row));
      }
      for (float[][] found : states.of(asked)) {
        append(found);
      }
      next = end;
      progress.stored(next, sentences.size());
    }
  }

  /** A sentence with its labelled positions. */
  static WordStates.Sentence sentence(WordRow row) {
    return new WordStates.Sentence(row.ids(), row.words(), positions(row));
  }

  private static int[] positions(WordRow row) {
    int[] labels = row.labels();
    return IntStream.range(0, labels.length)
        .filter(position -> labels[position] != WordRow.IGNORED)
        .toArray();
  }

  /** The labels of a sentence's labelled positions. */
  static int[] labels(WordRow row) {
    int[] labels = row.labels();
    return IntStream.of(labels).filter(label -> label != WordRow.IGNORED).toArray();
  }

  private long rowBytes() {
    return (long) hiddenSize * Float.BYTES;
  }

  private void append(float[][] rows) throws IOException {
    ByteBuffer bytes = buffer(rows.length);
    FloatBuffer floats = bytes.asFloatBuffer();
    for (float[] row : rows) {
      floats.put(row);
    }
    channel.position(channel.size());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private ByteBuffer buffer(int rows) {
    return ByteBuffer.allocate(Math.toIntExact(rows * rowBytes())).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Number of labelled words of a sentence. */
  int words(int sentence) {
    return (int) (firstRow[sentence + 1] - firstRow[sentence]);
  }

  /** The sentences, in their order. */
  List<WordRow> sentences() {
    return sentences;
  }

  /**
   * Reads the states of a sentence.
   *
   * @param target takes {@code (words, H)}, row after row
   * @param offset where they go
   */
  void read(int sentence, float[] target, int offset) throws IOException {
    ByteBuffer bytes = buffer(words(sentence));
    long position = firstRow[sentence] * rowBytes();
    while (bytes.hasRemaining()) {
      int read = channel.read(bytes, position + bytes.position());
      if (read < 0) {
        throw new IOException("the file of states has become shorter; delete it and start again");
      }
    }
    bytes.flip();
    bytes
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(target, offset, words(sentence) * hiddenSize);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
