/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.serving.batching.QueuedText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * FIFO queue of the waiting texts of one role; one that is put back gets its old place. Guarded by
 * its owner's lock.
 */
final class LaneQueue {

  // By id, which is the order of arrival.
  private final NavigableMap<Long, PendingText> texts = new TreeMap<>();
  private long tokens;
  private long bytes;

  void add(PendingText text) {
    texts.put(text.view().id(), text);
    tokens += text.tokens().length();
    bytes += PendingText.bytes(text.key(), text.tokens());
  }

  /** Takes a text out, if it is in. */
  Optional<PendingText> remove(long id) {
    Optional<PendingText> removed = Optional.ofNullable(texts.remove(id));
    removed.ifPresent(
        text -> {
          tokens -= text.tokens().length();
          bytes -= PendingText.bytes(text.key(), text.tokens());
        });
    return removed;
  }

  boolean isEmpty() {
    return texts.isEmpty();
  }

  int size() {
    return texts.size();
  }

  long tokens() {
    return tokens;
  }

  long bytes() {
    return bytes;
  }

  /** When the text came that waits longest; the lane is not empty. */
  long oldestArrivalNanos() {
    return texts.firstEntry().getValue().view().arrivalNanos();
  }

  Collection<PendingText> all() {
    return Collections.unmodifiableCollection(texts.values());
  }

  /** Those of which something is true; may be taken out while they are gone through. */
  List<PendingText> with(Predicate<PendingText> wanted) {
    return texts.values().stream().filter(wanted).toList();
  }

  /** The texts that came first, up to so many tokens, and at least one if there is one. */
  List<QueuedText> oldest(long maxTokens) {
    List<QueuedText> oldest = new ArrayList<>();
    long sum = 0;
    for (PendingText text : texts.values()) {
      sum += text.tokens().length();
      if (sum > maxTokens && !oldest.isEmpty()) {
        break;
      }
      oldest.add(text.view());
    }
    return oldest;
  }
}
