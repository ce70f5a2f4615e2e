/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.files.FileChannels;
import io.github.llm2vec.tokenclassification.WordStates;
import io.github.llm2vec.trainer.data.Sampler;
import io.github.llm2vec.trainer.data.Sha256;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.dataloader.IndexedDataLoader;
import io.github.llm2vec.trainer.optim.StepPlan;
import io.github.llm2vec.trainer.wordtask.WordData.WordRow;
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
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * A cache of the hidden states of all labelled words of a dataset, in a file: a frozen model gives
 * the same ones in every epoch, so training runs it once over the data. Building that was
 * interrupted goes on where it stood.
 */
final class HiddenStateFile implements Closeable {

  private static final int SENTENCES_AT_ONCE = 64;

  private final FileChannel channel;
  private final int hiddenSize;
  private final long[] firstRow; // one per sentence, and the end
  private final List<WordRow> sentences;

  /** Computes the states of the labelled positions of sentences. */
  @FunctionalInterface
  interface Model {
    List<float[][]> of(List<WordRow> sentences);
  }

  /** Told how many sentences have their states. */
  @FunctionalInterface
  interface Progress {
    void stored(int sentences, int all) throws IOException;
  }

  private HiddenStateFile(FileChannel channel, int hiddenSize, List<WordRow> sentences) {
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
   * @param states the model
   */
  static HiddenStateFile build(
      Path file, String model, WordData data, int hiddenSize, Model states, Progress progress)
      throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    String key = model + "\n" + digest(data) + "\n";
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
      HiddenStateFile store = new HiddenStateFile(channel, hiddenSize, data.rows());
      store.fill(states, progress);
      return store;
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private void fill(Model states, Progress progress) throws IOException {
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
      for (float[][] found : states.of(sentences.subList(next, end))) {
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
    FileChannels.write(channel, bytes);
  }

  private ByteBuffer buffer(int rows) {
    return ByteBuffer.allocate(Math.toIntExact(rows * rowBytes())).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static String digest(WordData data) {
    Sha256 sha256 = new Sha256();
    for (WordRow row : data.rows()) {
      for (int[] values : List.of(row.ids(), row.labels(), row.words())) {
        ByteBuffer bytes = ByteBuffer.allocate((values.length + 1) * Integer.BYTES);
        bytes.putInt(values.length).asIntBuffer().put(values);
        sha256.add(bytes.array());
      }
    }
    return sha256.hex();
  }

  /** Batches in a random order, as Hugging Face's Trainer draws it. */
  DataLoader<WordBatch> shuffled(int batchSize, boolean dropLast, long seed) {
    return loader(epoch -> Sampler.ofEpoch(sentences.size(), seed, epoch), batchSize, dropLast);
  }

  /** Batches in the order of the files. */
  DataLoader<WordBatch> sequential(int batchSize) {
    return loader(epoch -> Sampler.sequential(sentences.size()), batchSize, false);
  }

  private DataLoader<WordBatch> loader(
      LongFunction<Sampler> order, int batchSize, boolean dropLast) {
    long perEpoch = StepPlan.batches(sentences.size(), batchSize, dropLast);
    return new IndexedDataLoader<>(
        new IndexedDataLoader.Parts<>(
            order,
            (row, epoch) -> read((int) row),
            (rows, epoch, batch) -> new WordBatch(rows, epoch * perEpoch + batch + 1),
            batchSize,
            dropLast,
            () -> {}));
  }

  private WordBatch.Sentence read(int sentence) throws IOException {
    int words = (int) (firstRow[sentence + 1] - firstRow[sentence]);
    ByteBuffer bytes = buffer(words);
    FileChannels.read(
        channel,
        bytes,
        firstRow[sentence] * rowBytes(),
        "the file of states has become shorter; delete it and start again");
    float[] states = new float[words * hiddenSize];
    bytes.flip().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(states);
    return new WordBatch.Sentence(states, labels(sentences.get(sentence)));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
