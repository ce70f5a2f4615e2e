/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.PackedBatch;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenClassifierTest {

  private static final Path CHECKPOINT = Path.of("src/test/resources/checkpoints/llama3-gqa");
  private static final int HIDDEN = 48;
  private static final List<String> NAMES = List.of("O", "B-PER", "I-PER");

  @TempDir private Path folder;

  private static WordHead head(
      List<String> labels, LabelShift shift, float[] weight, float[] bias) {
    return new WordHead(new WordHeadConfig(labels, HIDDEN, shift, true, true, 40), weight, bias);
  }

  private TokenClassifier open(WordHead head) throws IOException {
    WordHeadFiles.write(folder, head);
    return TokenClassifier.open(ModelSource.of(CHECKPOINT), DType.FLOAT32, TorchDevice.CPU, folder);
  }

  /** A head that looks at nothing and always says the same. */
  private static float[] always(int labels, int label) {
    float[] bias = new float[labels];
    bias[label] = 5;
    return bias;
  }

  @Test
  void givesEveryWordAPlaceInTheText() throws IOException {
    WordHead head =
        head(List.of("NN", "VB"), LabelShift.SAME_TOKEN, new float[HIDDEN * 2], always(2, 1));
    String text = "Emma woke up.  She laughed!\n";
    try (TokenClassifier classifier = open(head)) {
      List<String> words =
          classifier.classify(text).stream()
              .map(span -> text.substring(span.start(), span.end()))
              .toList();
      assertEquals(List.of("Emma", "woke", "up", ".", "She", "laughed", "!"), words);
      TokenClassifier.LabelledSpan first = classifier.classify(text).get(0);
      assertEquals("VB", first.label());
      assertEquals(1 / (1 + Math.exp(-5)), first.probability(), 1e-6);
      assertEquals(List.of(List.of(), List.of()), classifier.classify(List.of("", " \n")));
    }
  }

  @Test
  void joinsWordsOfOneNameAndLeavesOutWhatIsOutside() throws IOException {
    WordHead inside = head(NAMES, LabelShift.SAME_TOKEN, new float[HIDDEN * 3], always(3, 2));
    try (TokenClassifier classifier = open(inside)) {
      List<TokenClassifier.LabelledSpan> names = classifier.classify(" Ann Lee ");
      assertEquals(1, names.size());
      assertEquals("PER", names.get(0).label());
      assertEquals(1, names.get(0).start());
      assertEquals(8, names.get(0).end());
      assertEquals(1 / (1 + 2 * Math.exp(-5)), names.get(0).probability(), 1e-6);
    }
    WordHead outside = head(NAMES, LabelShift.SAME_TOKEN, new float[HIDDEN * 3], always(3, 0));
    try (TokenClassifier classifier = open(outside)) {
      assertEquals(List.of(), classifier.classify("Ann Lee"));
    }
  }

  @Test
  void labelsEveryWordOfASentenceThatIsLongerThanASequence() throws IOException {
    WordHead head =
        head(List.of("NN", "VB"), LabelShift.NEXT_WORD, new float[HIDDEN * 2], always(2, 0));
    List<String> words = IntStream.range(0, 200).mapToObj(i -> "word" + i).toList();
    try (TokenClassifier classifier = open(head)) {
      List<String> labels = classifier.label(List.of(words)).get(0);
      assertEquals(200, labels.size());
      // Nothing comes before the first word of a sequence that could predict it.
      assertEquals("", labels.get(0));
      assertTrue(labels.stream().filter("NN"::equals).count() > 150, labels.toString());
    }
  }

  /** The states are those of single texts with one pooled vector, which other tests check. */
  @Test
  void looksAtTheStatesThatPoolingOneWordAtATimeGives() throws IOException {
    try (Llm2Vec model = Llm2Vec.open(CHECKPOINT)) {
      Decoder decoder = model.decoder();
      List<WordStates.Sentence> sentences = new ArrayList<>();
      List<float[]> expected = new ArrayList<>();
      for (String sentence : List.of("a few words", "", "unbelievable stories of naïve people")) {
        List<String> words = List.of(sentence.split(" "));
        for (LabelShift shift : LabelShift.values()) {
          WordTokens tokens = WordTokens.of(model.tokenizer(), words, shift, 64);
          int[] positions =
              Arrays.stream(tokens.predictors()).filter(p -> p != WordTokens.NONE).toArray();
          sentences.add(new WordStates.Sentence(tokens.ids(), tokens.words(), positions));
          for (int position : positions) {
            expected.add(mean(decoder, tokens, tokens.words()[position]));
          }
        }
      }
      int row = 0;
      for (float[][] states : new WordStates(decoder, true, 20).of(sentences)) {
        for (float[] state : states) {
          float[] wanted = expected.get(row++);
          for (int i = 0; i < HIDDEN; i++) {
            assertEquals(wanted[i], state[i], 1e-5);
          }
        }
      }
      assertEquals(expected.size(), row);
      assertTrue(row > 15, "looked at " + row);
    }
  }

  private static float[] mean(Decoder decoder, WordTokens tokens, int word) {
    PackedBatch.Builder builder = new PackedBatch.Builder().add(tokens.ids(), 0);
    long count = Arrays.stream(tokens.words()).filter(other -> other == word).count();
    for (int i = 0; i < tokens.length(); i++) {
      if (tokens.words()[i] == word) {
        builder.pool(i, 1f / count);
      }
    }
    return decoder.forward(builder.build())[0];
  }

  @Test
  void readsBackTheHeadThatWasWritten() throws IOException {
    float[] weight = new float[HIDDEN * 3];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = i * 0.5f;
    }
    WordHead head = head(NAMES, LabelShift.NEXT_TOKEN, weight, new float[] {1, 2, 3});
    WordHeadFiles.write(folder, head);
    assertEquals(head, WordHeadFiles.read(folder));
  }

  @Test
  void saysWhatIsWrongWithAHead() throws IOException {
    IOException missing = assertThrows(IOException.class, () -> WordHeadFiles.read(folder));
    assertTrue(missing.getMessage().contains("there is no head of a word task"));
    WordHeadFiles.write(
        folder, head(NAMES, LabelShift.NEXT_TOKEN, new float[HIDDEN * 3], new float[3]));
    Path config = folder.resolve("classifier_config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"hidden_size\" : 48", "\"hidden_size\" : 47"));
    String shape = assertThrows(IOException.class, () -> WordHeadFiles.read(folder)).getMessage();
    assertTrue(shape.contains("expected the tensor weight with the shape [3, 47]"), shape);
    Files.writeString(config, text.replace("next_token", "next_tokem"));
    String shift = assertThrows(IOException.class, () -> WordHeadFiles.read(folder)).getMessage();
    assertTrue(shift.contains("must be one of same_token, next_token, next_word"), shift);
    Files.writeString(config, text.replace("merge_subwords", "merge_subword"));
    String key = assertThrows(IOException.class, () -> WordHeadFiles.read(folder)).getMessage();
    assertTrue(key.contains("merge_subword is not a known key"), key);
    WordHeadFiles.write(
        folder,
        new WordHead(
            new WordHeadConfig(NAMES, 47, LabelShift.SAME_TOKEN, true, true, 40),
            new float[47 * 3],
            new float[3]));
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    TokenClassifier.open(
                        ModelSource.of(CHECKPOINT), DType.FLOAT32, TorchDevice.CPU, folder))
            .getMessage()
            .contains("states of 47 numbers, this model's have 48"));
  }
}
