/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Labels the words of texts with a head that was trained on a frozen model: parts of speech,
 * phrases or names.
 *
 * <p>Texts are cut into sentences and words by Unicode's rules; where words are known already, as
 * in tagged corpora, they can be given as they are. Thread-safe. Owns the model.
 */
public final class TokenClassifier implements AutoCloseable {

  private static final String OUTSIDE = "O";

  private final Llm2Vec model;
  private final WordHead head;
  private final WordStates states;
  private final boolean spans;

  /**
   * Words of a text that have a label together.
   *
   * @param label for example {@code PER}; a word's own tag where labels mark no spans
   * @param start index of its first UTF-16 unit in the text
   * @param end index after its last
   * @param probability the lowest of its words'
   */
  public record LabelledSpan(String label, int start, int end, double probability) {}

  /** A word and where it is in its text. */
  private record Word(String text, int start) {
    int end() {
      return start + text.length();
    }
  }

  /** What the head says of a word. */
  private record Guess(String label, double probability) {}

  private TokenClassifier(Llm2Vec model, WordHead head, int maxBatchTokens) {
    this.model = model;
    this.head = head;
    this.states = new WordStates(model.decoder(), head.config().mergeSubwords(), maxBatchTokens);
    this.spans = head.config().labels().stream().allMatch(TokenClassifier::marksSpans);
  }

  /**
   * Opens a model and a head.
   *
   * @param source the model and the adapters that the head was trained on
   * @param dtype in which weights are kept and multiplied
   * @param device where
   * @param headFolder a folder as {@link WordHeadFiles} describes it
   * @throws IOException if a part is missing or damaged
   * @throws IllegalArgumentException if the head is not of this model
   */
  public static TokenClassifier open(
      ModelSource source, DType dtype, TorchDevice device, Path headFolder) throws IOException {
    WordHead head = WordHeadFiles.read(headFolder);
    Llm2VecOptions options =
        Llm2VecOptions.builder()
            .dtype(dtype)
            .device(device)
            .enableBidirectional(head.config().bidirectional())
            .maxLength(head.config().maxLength())
            .build();
    Llm2Vec model = Llm2Vec.open(source, options, LoadListener.NONE);
    int hidden = model.decoder().spec().outputSize();
    if (hidden != head.config().hiddenSize()) {
      model.close();
      throw new IllegalArgumentException(
          ("%s was trained on states of %s numbers, this model's have %s; give the model"
                  + " of its training")
              .formatted(headFolder, head.config().hiddenSize(), hidden));
    }
    return new TokenClassifier(model, head, options.maxBatchTokens());
  }

  private static boolean marksSpans(String label) {
    return label.equals(OUTSIDE) || label.matches("[BIES]-.+");
  }

  /** The labels that words can get. */
  public List<String> labels() {
    return head.config().labels();
  }

  /** The labelled spans of a text, in their order; see {@link #classify(List)}. */
  public List<LabelledSpan> classify(String text) {
    return classify(List.of(text)).get(0);
  }

  /**
   * The labelled spans of texts, in their order. What is outside of all spans is not among them.
   *
   * @param texts of any length
   * @return one list per text
   */
  public List<List<LabelledSpan>> classify(List<String> texts) {
    List<List<Word>> sentences = new ArrayList<>();
    int[] ends = new int[texts.size()];
    for (int i = 0; i < ends.length; i++) {
      sentences.addAll(sentences(texts.get(i)));
      ends[i] = sentences.size();
    }
    List<List<Guess>> guesses =
        guesses(
            sentences.stream()
                .map(sentence -> sentence.stream().map(Word::text).toList())
                .toList());
    List<List<LabelledSpan>> results = new ArrayList<>();
    int next = 0;
    for (int end : ends) {
      List<LabelledSpan> found = new ArrayList<>();
      for (; next < end; next++) {
        found.addAll(spans(sentences.get(next), guesses.get(next)));
      }
      results.add(List.copyOf(found));
    }
    return results;
  }

  /**
   * The label of every word of sentences.
   *
   * @return one label per word; for a word that no position predicts (the first one, with {@link
   *     LabelShift#NEXT_WORD}) {@code O} where labels mark spans, else ""
   */
  public List<List<String>> label(List<List<String>> sentences) {
    return guesses(sentences).stream()
        .map(sentence -> sentence.stream().map(Guess::label).toList())
        .toList();
  }

  /** A part of a sentence that fits into a sequence. */
  private record Piece(int sentence, int from, WordTokens tokens) {}

  private List<List<Guess>> guesses(List<List<String>> sentences) {
    Guess nothing = new Guess(spans ? OUTSIDE : "", 1);
    List<List<Guess>> guesses = new ArrayList<>();
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < sentences.size(); i++) {
      guesses.add(new ArrayList<>(Collections.nCopies(sentences.get(i).size(), nothing)));
      pieces.addAll(pieces(i, sentences.get(i)));
    }
    List<float[][]> found =
        states.of(
            pieces.stream()
                .map(
                    piece ->
                        new WordStates.Sentence(
                            piece.tokens().ids(), piece.tokens().words(), predicting(piece)))
                .toList());
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      int[] predictors = piece.tokens().predictors();
      int row = 0;
      for (int word = 0; word < predictors.length; word++) {
        if (predictors[word] != WordTokens.NONE) {
          float[] logits = head.logits(found.get(i)[row++]);
          int label = WordHead.best(logits);
          guesses
              .get(piece.sentence())
              .set(
                  piece.from() + word,
                  new Guess(labels().get(label), WordHead.probability(logits, label)));
        }
      }
    }
    return guesses;
  }

  private static int[] predicting(Piece piece) {
    return Arrays.stream(piece.tokens().predictors())
        .filter(position -> position != WordTokens.NONE)
        .toArray();
  }

  /** Words that do not fit begin a sequence of their own. */
  private List<Piece> pieces(int sentence, List<String> words) {
    List<Piece> pieces = new ArrayList<>();
    int from = 0;
    while (from < words.size()) {
      WordTokens tokens =
          WordTokens.of(
              model.tokenizer(),
              words.subList(from, words.size()),
              head.config().shift(),
              head.config().maxLength());
      int[] predictors = tokens.predictors();
      int last =
          IntStream.range(0, predictors.length)
              .filter(word -> predictors[word] != WordTokens.NONE)
              .max()
              .orElse(0);
      if (tokens.length() > 0) {
        pieces.add(new Piece(sentence, from, tokens));
      }
      from += last + 1;
    }
    return pieces;
  }

  private List<LabelledSpan> spans(List<Word> words, List<Guess> guesses) {
    List<String> labels = guesses.stream().map(Guess::label).toList();
    List<WordSpan> found =
        spans
            ? WordSpan.of(labels)
            : IntStream.range(0, labels.size())
                .filter(word -> !labels.get(word).isEmpty())
                .mapToObj(word -> new WordSpan(labels.get(word), word, word))
                .toList();
    return found.stream()
        .map(
            span ->
                new LabelledSpan(
                    span.type(),
                    words.get(span.start()).start(),
                    words.get(span.end()).end(),
                    guesses.subList(span.start(), span.end() + 1).stream()
                        .mapToDouble(Guess::probability)
                        .min()
                        .orElseThrow()))
        .toList();
  }

  private static List<List<Word>> sentences(String text) {
    List<List<Word>> sentences = new ArrayList<>();
    BreakIterator iterator = BreakIterator.getSentenceInstance(Locale.ROOT);
    iterator.setText(text);
    int start = iterator.first();
    for (int end = iterator.next(); end != BreakIterator.DONE; end = iterator.next()) {
      List<Word> words = words(text.substring(start, end), start);
      if (!words.isEmpty()) {
        sentences.add(words);
      }
      start = end;
    }
    return sentences;
  }

  private static List<Word> words(String sentence, int offset) {
    List<Word> words = new ArrayList<>();
    BreakIterator iterator = BreakIterator.getWordInstance(Locale.ROOT);
    iterator.setText(sentence);
    int start = iterator.first();
    for (int end = iterator.next(); end != BreakIterator.DONE; end = iterator.next()) {
      String word = sentence.substring(start, end);
      if (!word.isBlank()) {
        words.add(new Word(word, offset + start));
      }
      start = end;
    }
    return words;
  }

  @Override
  public void close() {
    model.close();
  }
}
