/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Tokenizes texts, a group at a time, and makes training sequences of each group. Several groups
 * are worked on at once; their order is kept. Not thread-safe. Owns the texts, not the executor.
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
    List<String> group = new ArrayList<>();
    while (group.size() < size) {
      Optional<String> text = texts.next();
      if (text.isEmpty()) {
        break;
      }
      group.add(text.get());
    }
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
      throw new IOException("a text cannot be tokenized: " + e.getCause().getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    pending.forEach(group -> group.cancel(false));
    texts.close();
  }
}
