/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.llm2vec.djl.DjlBootstrap;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The tokenizer over Hugging Face's Rust library, as DJL brings it; the only class that names it.
 *
 * <p>Owns the native tokenizer. Encoding holds the read lock and closing the write lock, so that no
 * native memory is freed under a running call.
 */
final class NativeTokenizer implements Tokenizer {

  /** The library's own truncation and padding stay off, whatever the file says. */
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

  /** First guess at the characters that hold the wanted tokens; it is doubled while too small. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  private static final int SMALLEST_LOOK = 1024;

  private final TokenizerDefinition definition;
  private final HuggingFaceTokenizer tokenizer;
  private final int embeddingRows;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private NativeTokenizer(
      TokenizerDefinition definition, HuggingFaceTokenizer tokenizer, int embeddingRows) {
    this.definition = definition;
    this.tokenizer = tokenizer;
    this.embeddingRows = embeddingRows;
  }

  static NativeTokenizer open(Path folder, TokenizerOptions options) throws IOException {
    TokenizerDefinition definition = TokenizerDefinition.read(folder, options);
    definition.requireFrameBelow(options.embeddingRows());
    for (String token : definition.vanishing().tokens()) {
      requireSomeLeft(definition, token);
    }
    return new NativeTokenizer(
        definition, load(definition.file(), definition.json()), options.embeddingRows());
  }

  /**
   * A token that is matched after normalization, and of which that leaves nothing, would match
   * everywhere, over which the library aborts the process.
   */
  private static void requireSomeLeft(TokenizerDefinition definition, String token)
      throws IOException {
    try (HuggingFaceTokenizer probe =
        load(definition.file(), definition.vanishing().normalizerAlone())) {
      if (probe.encode(token, false, false).getIds().length == 0) {
        throw new TokenizerFormatException(
            definition.file(),
            "the normalizer leaves nothing of the added token '%s'; set its 'normalized' to false"
                .formatted(token));
      }
    }
  }

  private static HuggingFaceTokenizer load(Path file, String definition) throws IOException {
    byte[] json = definition.getBytes(StandardCharsets.US_ASCII);
    try {
      return DjlBootstrap.call(
          () -> HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS));
    } catch (IOException e) {
      throw e;
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "The native tokenizer library cannot be loaded; it must suit this platform, and only one"
              + " class loader of a JVM can have it, so put DJL's jars where all users share them",
          e);
    } catch (Exception e) {
      throw new TokenizerFormatException(
          file, "refused by the tokenizers library: " + e.getMessage(), e);
    }
  }

  @Override
  public int[] encode(String text) {
    requireShort(text);
    int[] ids = encodeWellFormed(PythonText.wellFormed(text));
    requireEmbedded(ids, 0, ids.length);
    return ids;
  }

  @Override
  public int[] encodePrefix(String text, int wanted) {
    int[] ids = prefix(text, wanted);
    requireEmbedded(ids, 0, Math.min(wanted, ids.length));
    return ids;
  }

  @Override
  public int[] encodeSuffix(String text, int wanted) {
    int start = Math.max(0, text.length() - MAX_CHARACTERS);
    int[] ids = encodeWellFormed(PythonText.wellFormed(text.substring(start)));
    requireEmbedded(ids, Math.max(0, ids.length - wanted), ids.length);
    return ids;
  }

  private int[] prefix(String text, int wanted) {
    String wellFormed = PythonText.wellFormed(text);
    SafeSplitPoints cutPoints = definition.cutPoints();
    int end = Math.min(wellFormed.length(), MAX_CHARACTERS);
    long look = Math.max(SMALLEST_LOOK, (long) wanted * CHARACTERS_PER_TOKEN);
    for (; look < end; look *= 2) {
      int cut = cutPoints.last(wellFormed, (int) look);
      if (cut > 0) {
        int[] ids = encodeWellFormed(wellFormed.substring(0, cut));
        if (ids.length >= wanted) {
          return ids;
        }
      }
    }
    return encodeWellFormed(PythonText.wellFormed(wellFormed.substring(0, end)));
  }

  /**
   * Calls the library below DJL's own method, which would also fetch token strings, spans and five
   * more arrays that nobody reads: twice the time.
   */
  private int[] encodeWellFormed(String wellFormed) {
    lock.readLock().lock();
    try {
      requireOpen();
      TokenizersLibrary library = TokenizersLibrary.LIB;
      long encoding = encode(library, wellFormed);
      try {
        return toInts(library.getTokenIds(encoding));
      } finally {
        library.deleteEncoding(encoding);
      }
    } finally {
      lock.readLock().unlock();
      Reference.reachabilityFence(tokenizer);
    }
  }

  private long encode(TokenizersLibrary library, String wellFormed) {
    try {
      return library.encode(tokenizer.getHandle(), wellFormed, false);
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          definition.file() + " cannot tokenise a text: " + e.getMessage(), e);
    }
  }

  @Override
  public TokenSpans encodeWithSpans(String text) {
    requireShort(text);
    String wellFormed = PythonText.wellFormed(text);
    Encoding encoding;
    lock.readLock().lock();
    try {
      requireOpen();
      // Overflowing parts do not exist without truncation; asking for them frees them in any case.
      encoding = tokenizer.encode(wellFormed, false, true);
    } finally {
      lock.readLock().unlock();
    }
    int[] ids = toInts(encoding.getIds());
    requireEmbedded(ids, 0, ids.length);
    int[] starts = new int[ids.length];
    int[] ends = new int[ids.length];
    CharSpan[] spans = encoding.getCharTokenSpans();
    Utf16Index index = new Utf16Index(wellFormed);
    for (int i = 0; i < ids.length; i++) {
      starts[i] = index.ofCodePoint(spans[i].getStart());
      ends[i] = index.ofCodePoint(spans[i].getEnd());
    }
    return new TokenSpans(ids, starts, ends);
  }

  @Override
  public List<Integer> prefixIds() {
    return definition.frame().prefix();
  }

  @Override
  public List<Integer> suffixIds() {
    return definition.frame().suffix();
  }

  @Override
  public boolean truncatesLeft() {
    return definition.truncatesLeft();
  }

  @Override
  public OptionalInt bosId() {
    return definition.bosId();
  }

  @Override
  public OptionalInt eosId() {
    return definition.eosId();
  }

  @Override
  public OptionalInt idOf(String token) {
    Integer id = definition.ids().get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public boolean isAtomic(String token) {
    return definition.atomic().contains(token);
  }

  @Override
  public boolean isSpecial(int id) {
    return definition.special().contains(id);
  }

  @Override
  public int vocabSize() {
    return definition.vocabSize();
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      tokenizer.close();
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static void requireShort(String text) {
    if (text.length() > MAX_CHARACTERS) {
      throw new IllegalArgumentException(
          ("a text to be tokenised as a whole must have at most %s characters, got %s;"
                  + " cut it into pieces first")
              .formatted(MAX_CHARACTERS, text.length()));
    }
  }

  private void requireEmbedded(int[] ids, int from, int to) {
    if (definition.vocabSize() <= embeddingRows) {
      return;
    }
    for (int i = from; i < to; i++) {
      if (ids[i] >= embeddingRows) {
        throw new IllegalArgumentException(
            ("a text has the token %s, for which the model's embedding of %s rows has no"
                    + " vector; take it out of the text")
                .formatted(definition.describe(ids[i]), embeddingRows));
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The tokenizer of " + definition.file() + " is closed");
    }
  }

  private static int[] toInts(long[] values) {
    int[] ints = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      ints[i] = Math.toIntExact(values[i]);
    }
    return ints;
  }

  /**
   * Turns offsets in code points, which the native library counts in, into UTF-16 indices. It goes
   * through the text once as long as it is asked for offsets that stay close to each other.
   */
  static final class Utf16Index {

    private final String text;
    private final int length;
    private int codePoint;
    private int index;

    Utf16Index(String text) {
      this.text = text;
      this.length = text.codePointCount(0, text.length());
    }

    /**
     * The UTF-16 index of a code point's first unit. Offsets behind the text, which a tokenizer
     * with an end-of-word suffix gives, count as its end.
     */
    int ofCodePoint(int wanted) {
      int target = Math.min(wanted, length);
      index = text.offsetByCodePoints(index, target - codePoint);
      codePoint = target;
      return index;
    }
  }
}
