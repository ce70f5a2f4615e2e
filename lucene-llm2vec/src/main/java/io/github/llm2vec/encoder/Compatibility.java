/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.tokenizer.TokenizerOptions;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * The set of Python oddities that an encoder reproduces.
 *
 * @param flags those that are followed
 */
public record Compatibility(Set<CompatibilityFlag> flags) {

  /**
   * As upstream where published checkpoints depend on it (they were trained and measured so), sane
   * otherwise.
   */
  public static final Compatibility PUBLISHED =
      new Compatibility(
          EnumSet.of(
              CompatibilityFlag.TEMPLATE_BY_NAME,
              CompatibilityFlag.WINDOW_OF_TEXT_ALONE,
              CompatibilityFlag.ATOMIC_MASK_TOKEN));

  /** As llm2vec 0.2.3 with transformers 4.44 in everything. */
  public static final Compatibility UPSTREAM =
      new Compatibility(EnumSet.complementOf(EnumSet.of(CompatibilityFlag.TOKENIZER_JSON_FRAME)));

  /**
   * Copies the set; it keeps the order of {@link CompatibilityFlag}, so that its text is always the
   * same.
   */
  public Compatibility {
    EnumSet<CompatibilityFlag> ordered = EnumSet.noneOf(CompatibilityFlag.class);
    ordered.addAll(flags);
    flags = Collections.unmodifiableSet(ordered);
  }

  /** Whether a way of upstream is followed. */
  public boolean has(CompatibilityFlag flag) {
    return flags.contains(flag);
  }

  /** The same with one more way of upstream. */
  public Compatibility with(CompatibilityFlag flag) {
    return changed(flag, true);
  }

  /** The same without one way of upstream. */
  public Compatibility without(CompatibilityFlag flag) {
    return changed(flag, false);
  }

  /** How the tokenizer's files are to be read. */
  @API(status = API.Status.INTERNAL)
  public TokenizerOptions tokenizerOptions() {
    TokenizerOptions.Frame frame =
        has(CompatibilityFlag.TOKENIZER_JSON_FRAME)
            ? TokenizerOptions.Frame.TOKENIZER_JSON
            : has(CompatibilityFlag.CLASS_FRAME)
                ? TokenizerOptions.Frame.CLASS
                : TokenizerOptions.Frame.WRITTEN;
    return new TokenizerOptions(
        has(CompatibilityFlag.ATOMIC_MASK_TOKEN), frame, false, Integer.MAX_VALUE);
  }

  /**
   * Reads an option: {@code published} or {@code upstream}, then any number of changes, for example
   * {@code "published,+word-shortening,-atomic-mask-token"}.
   *
   * @throws IllegalArgumentException if it is not of this form; the message says what is known
   */
  public static Compatibility parse(String option) {
    List<String> parts = List.of(option.split(",", -1));
    Compatibility result =
        switch (parts.get(0).strip()) {
          case "published" -> PUBLISHED;
          case "upstream" -> UPSTREAM;
          default ->
              throw new IllegalArgumentException(
                  "compatibility must start with published or upstream, got '" + option + "'");
        };
    for (String part : parts.subList(1, parts.size())) {
      String change = part.strip();
      if (!change.startsWith("+") && !change.startsWith("-")) {
        throw new IllegalArgumentException(
            "a change in compatibility starts with + or -, got '" + part + "'");
      }
      result = result.changed(CompatibilityFlag.of(change.substring(1)), change.startsWith("+"));
    }
    return result;
  }

  private Compatibility changed(CompatibilityFlag flag, boolean follow) {
    EnumSet<CompatibilityFlag> changed = EnumSet.noneOf(CompatibilityFlag.class);
    changed.addAll(flags);
    if (follow) {
      changed.add(flag);
    } else {
      changed.remove(flag);
    }
    return new Compatibility(changed);
  }
}
