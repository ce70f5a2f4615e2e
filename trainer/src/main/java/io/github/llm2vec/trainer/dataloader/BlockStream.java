/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Tokenizes texts in groups and cuts each group into training sequences, like {@code group_texts}
 * of transformers' examples. Several groups are worked on at once; their order is kept. Not
 * thread-safe. Owns the texts, not the executor.
 */
final class BlockStream implements RecordStream<TokenRow> {

  /** Makes training sequences of the texts of a group. */
  interface Cutter {
    List<TokenRow> cut(List<String> texts);
  }

  /** Groups that are worked on or wait to be used; bounds memory. */
  private static final int IN_FLIGHT = 4;

  private final RecordStream<String> texts;
  private final GroupSizes groups;
  private final Cutter cutter;
  private final ExecutorService executor;
  private final Deque<Future<List<TokenRow>>> pending = new ArrayDeque<>();
  private final Deque<TokenRow> ready = new ArrayDeque<>();
  private boolean exhausted;

  BlockStream(
      RecordStream<String> texts, GroupSizes groups, Cutter cutter, ExecutorService executor) {
    this.texts = texts;
    this.groups = groups;
    this.cutter = cutter;
    this.executor = executor;
  }

  /**
   * All tokens of a group as blocks of equal length, what is left over dropped: what upstream
   * trains on by default.
   */
  static Cutter blocks(SequenceTokenizer tokenizer, int length) {
    return group -> {
      TokenRow all = TokenRow.concat(group.stream().map(tokenizer::encode).toList());
      List<TokenRow> blocks = new ArrayList<>();
      for (int start = 0; start + length <= all.length(); start += length) {
        blocks.add(all.slice(start, start + length));
      }
      return blocks;
    };
  }

  /** Every text that is not blank as a sequence, cut to a length: {@code line_by_line}. */
  static Cutter lines(SequenceTokenizer tokenizer, int length) {
    return group ->
        group.stream()
            .filter(text -> !PythonText.strip(text).isEmpty())
            .map(text -> tokenizer.encode(text, length))
            .toList();
  }

  @Override
  public Optional<TokenRow> next() throws IOException {
    while (ready.isEmpty()) {
      startGroups();
      if (pending.isEmpty()) {
        return Optional.empty();
      }
      ready.addAll(finished(pending.remove()));
    }
    return Optional.of(ready.remove());
  }

  private void startGroups() throws IOException {
    while (!exhausted && pending.size() < IN_FLIGHT) {
      List<String> group = readGroup();
      if (!group.isEmpty()) {
        pending.add(executor.submit(() -> cutter.cut(group)));
      }
    }
  }

  private List<String> readGroup() throws IOException {
    int size = groups.next();
    List<String> group = texts.take(size);
    exhausted = group.size() < size || size == 0;
    return group;
  }

  private static List<TokenRow> finished(Future<List<TokenRow>> group) throws IOException {
    try {
      return group.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while texts were tokenized");
    } catch (ExecutionException e) {
      throw new IOException(
          "a text cannot be tokenized: " + Objects.requireNonNull(e.getCause()).getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    pending.forEach(group -> group.cancel(false));
    texts.close();
  }

  /**
   * How many texts are tokenized together before they are cut into blocks. Hugging Face's {@code
   * datasets} maps 1000 records at a time, within each of the parts that it gives its workers; what
   * is left over of a group is lost, so the groups decide about the blocks.
   */
  static final class GroupSizes {

    static final int GROUP = 1000;

    private final long texts;
    private final int workers;
    private int worker;
    private long leftOfPart;

    /**
     * @param texts number of texts; only needed if there are several workers
     * @param workers {@code preprocessing_num_workers}
     */
    GroupSizes(long texts, int workers) {
      this.texts = texts;
      this.workers = (int) Math.max(1, Math.min(workers, texts));
      this.leftOfPart = part(0);
    }

    /** Groups of any number of texts. */
    static GroupSizes endless() {
      return new GroupSizes(Long.MAX_VALUE, 1);
    }

    /** Parts differ by one text at most, the larger ones come first. */
    private long part(int number) {
      return texts / workers + (number < texts % workers ? 1 : 0);
    }

    /** Size of the next group; 0 when all texts are in a group. */
    int next() {
      while (leftOfPart == 0 && worker + 1 < workers) {
        worker++;
        leftOfPart = part(worker);
      }
      int size = (int) Math.min(GROUP, leftOfPart);
      leftOfPart -= size;
      return size;
    }
  }

  /**
   * Tokenizes texts as language modelling wants them: with the special tokens that the tokenizer
   * puts around a sequence, told apart from those that a text itself spells out. Thread-safe; uses
   * the tokenizer, does not close it.
   */
  static final class SequenceTokenizer {

    private final Tokenizer tokenizer;
    private final int[] prefix;
    private final int[] suffix;

    SequenceTokenizer(Tokenizer tokenizer) {
      this.tokenizer = tokenizer;
      this.prefix = ints(tokenizer.prefixIds());
      this.suffix = ints(tokenizer.suffixIds());
    }

    private static int[] ints(List<Integer> ids) {
      return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    /** All of a text. */
    TokenRow encode(String text) {
      int[] content = tokenizer.encode(text);
      return frame(content, content.length);
    }

    /**
     * As much of a text as fits.
     *
     * @param maxLength most tokens, special ones included
     */
    TokenRow encode(String text, int maxLength) {
      int room = Math.max(0, maxLength - prefix.length - suffix.length);
      int[] content = tokenizer.encodePrefix(text, room);
      return frame(content, Math.min(room, content.length));
    }

    private TokenRow frame(int[] content, int kept) {
      int[] ids = new int[prefix.length + kept + suffix.length];
      System.arraycopy(prefix, 0, ids, 0, prefix.length);
      System.arraycopy(content, 0, ids, prefix.length, kept);
      System.arraycopy(suffix, 0, ids, prefix.length + kept, suffix.length);
      BitSet special = new BitSet(ids.length);
      special.set(0, prefix.length);
      special.set(prefix.length + kept, ids.length);
      return TokenRow.of(ids, special);
    }
  }
}
