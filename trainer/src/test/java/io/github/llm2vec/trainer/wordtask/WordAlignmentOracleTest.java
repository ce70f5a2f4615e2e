/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.tokenclassification.WordStates;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.wordtask.WordData.WordRow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Against upstream's own alignment of the labels of 1,000 sentences of GUM
 * (make_word_alignment.py).
 */
class WordAlignmentOracleTest {

  private static final Path ENCODER_RESOURCES =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources");
  private static final Path SENTENCES =
      Path.of("src/test/resources/io/github/llm2vec/trainer/wordtask/gum/sentences.txt.gz");
  private static final String TINY = "llama3-gqa";
  private static final int SENTENCE_COUNT = 1000;
  private static final int WHOLE = 1024;
  private static final int CUT = 24;
  private static final List<WordTask> TASKS =
      List.of(WordTask.POS_TAGS, WordTask.CHUNK_TAGS, WordTask.NER_TAGS);

  private static JsonNode header;
  private static final Map<String, JsonNode> EXPECTED = new HashMap<>();

  @TempDir private Path folder;

  private static String key(String tokenizer, int maxLength, int sentence) {
    return tokenizer + " " + maxLength + " " + sentence;
  }

  @BeforeAll
  static void readFixture() throws IOException {
    ObjectMapper json = new ObjectMapper();
    try (InputStream in =
            WordAlignmentOracleTest.class.getResourceAsStream("gum/alignment.jsonl.gz");
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(in), StandardCharsets.UTF_8))) {
      header = json.readTree(lines.readLine());
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        EXPECTED.put(
            key(
                row.get("tokenizer").textValue(),
                row.get("max_length").intValue(),
                row.get("sentence").intValue()),
            row);
      }
    }
  }

  /** A folder with a tokenizer and the configuration that Python had. */
  private Path tokenizer(String name) throws IOException {
    if (name.equals(TINY)) {
      return ENCODER_RESOURCES.resolve("checkpoints").resolve(name);
    }
    Path packed = ENCODER_RESOURCES.resolve("tokenizers").resolve(name);
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(packed.resolve("tokenizer.json.gz")))) {
      Files.copy(in, folder.resolve("tokenizer.json"));
    }
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        header.get("tokenizer_configs").get(name).toString());
    return folder;
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  private static CorruptLines strict() {
    return new CorruptLines(DataAccess.CorruptLinePolicy.ERROR);
  }

  /** CoNLL-2003's tags in upstream's order, and the parts of speech that the sentences have. */
  private static LabelSet labels(WordTask task) throws IOException {
    return task == WordTask.POS_TAGS
        ? WordData.labels(Optional.empty(), task, List.of(SENTENCES), strict())
        : LabelSet.conll2003(task);
  }

  private static List<WordRow> read(
      Tokenizer tokenizer, WordTask task, LabelShift shift, int maxLength) throws IOException {
    List<WordRow> rows =
        WordData.read(
                List.of(SENTENCES),
                new WordData.Settings(tokenizer, task, labels(task), shift, maxLength),
                strict())
            .rows();
    assertEquals(SENTENCE_COUNT, rows.size());
    return rows;
  }

  @ParameterizedTest
  @ValueSource(strings = {TINY, "mistral-7b-v0.1", "qwen2"})
  void alignsEverySentenceAsUpstreamDoes(String name) throws Exception {
    for (WordTask task : TASKS) {
      List<String> names = new ArrayList<>();
      header.get("labels").get(task.optionName()).forEach(tag -> names.add(tag.textValue()));
      assertEquals(names, labels(task).names());
    }
    try (Tokenizer tokenizer = Tokenizer.open(tokenizer(name))) {
      Aligned whole = Aligned.read(tokenizer, WHOLE);
      Aligned cut = Aligned.read(tokenizer, CUT);
      int shorter = 0;
      for (int i = 0; i < SENTENCE_COUNT; i++) {
        JsonNode expected = EXPECTED.get(key(name, WHOLE, i));
        whole.assertEqual(expected, i);
        // The script writes a sentence once if it is not cut.
        shorter += EXPECTED.containsKey(key(name, CUT, i)) ? 1 : 0;
        cut.assertEqual(EXPECTED.getOrDefault(key(name, CUT, i), expected), i);
      }
      assertTrue(shorter > SENTENCE_COUNT / 2, shorter + " sentences were cut");
    }
  }

  /** All sentences, aligned in every way. */
  private record Aligned(Map<LabelShift, Map<WordTask, List<WordRow>>> rows) {

    static Aligned read(Tokenizer tokenizer, int maxLength) throws IOException {
      Map<LabelShift, Map<WordTask, List<WordRow>>> rows = new EnumMap<>(LabelShift.class);
      for (LabelShift shift : LabelShift.values()) {
        rows.put(shift, new EnumMap<>(WordTask.class));
        for (WordTask task : TASKS) {
          rows.get(shift)
              .put(task, WordAlignmentOracleTest.read(tokenizer, task, shift, maxLength));
        }
      }
      return new Aligned(rows);
    }

    private WordRow row(LabelShift shift, WordTask task, int sentence) {
      return rows.get(shift).get(task).get(sentence);
    }

    void assertEqual(JsonNode expected, int sentence) throws NoSuchAlgorithmException {
      List<int[]> lines = new ArrayList<>();
      lines.add(row(LabelShift.SAME_TOKEN, WordTask.POS_TAGS, sentence).ids());
      for (LabelShift shift : LabelShift.values()) {
        lines.add(row(shift, WordTask.POS_TAGS, sentence).words());
        for (WordTask task : TASKS) {
          WordRow row = row(shift, task, sentence);
          assertArrayEquals(lines.get(0), row.ids());
          assertArrayEquals(row(shift, WordTask.POS_TAGS, sentence).words(), row.words());
          lines.add(row.labels());
          if (expected.has("ids")) {
            assertRow(expected, row, task, shift);
          }
        }
      }
      String text =
          lines.stream()
              .map(
                  line ->
                      Arrays.stream(line)
                          .mapToObj(Integer::toString)
                          .collect(Collectors.joining(" ")))
              .collect(Collectors.joining("\n"));
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      assertEquals(
          expected.get("sha256").textValue(),
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)),
          () -> expected + "; ids, then words and the tasks' labels for each shift:\n" + text);
    }
  }

  private static void assertRow(JsonNode expected, WordRow found, WordTask task, LabelShift shift) {
    String where = shift + ", " + task + ", sentence " + expected.get("sentence");
    JsonNode aligned = expected.get(shift.optionName());
    assertArrayEquals(ints(expected.get("ids")), found.ids(), where);
    assertArrayEquals(ints(aligned.get("words")), found.words(), where);
    assertArrayEquals(ints(aligned.get(task.optionName())), found.labels(), where);
  }

  /**
   * With merged subwords the state of a labelled position is the mean over the positions of the
   * same word, as the script checks on upstream; without them it is the position's own. That labels
   * and words are upstream's is shown above.
   */
  @ParameterizedTest
  @EnumSource(LabelShift.class)
  void mergesTheStatesThatUpstreamMerges(LabelShift shift) throws IOException {
    try (Llm2Vec model = Llm2Vec.open(tokenizer(TINY))) {
      List<WordRow> rows = read(model.tokenizer(), WordTask.NER_TAGS, shift, WHOLE);
      List<WordStates.Sentence> all = new ArrayList<>();
      List<WordStates.Sentence> labelled = new ArrayList<>();
      for (WordRow row : rows) {
        int[] positions = IntStream.range(0, row.ids().length).toArray();
        all.add(new WordStates.Sentence(row.ids(), row.words(), positions));
        labelled.add(new WordStates.Sentence(row.ids(), row.words(), labelled(row)));
      }
      List<float[][]> states = new WordStates(model.decoder(), false, 4096).of(all);
      List<float[][]> own = new WordStates(model.decoder(), false, 4096).of(labelled);
      List<float[][]> merged = new WordStates(model.decoder(), true, 4096).of(labelled);
      for (int i = 0; i < SENTENCE_COUNT; i++) {
        int[] words = rows.get(i).words();
        int[] positions = labelled(rows.get(i));
        for (int p = 0; p < positions.length; p++) {
          int word = words[positions[p]];
          int[] same = IntStream.range(0, words.length).filter(at -> words[at] == word).toArray();
          assertArrayEquals(states.get(i)[positions[p]], own.get(i)[p], 1e-5f);
          assertArrayEquals(mean(states.get(i), same), merged.get(i)[p], 1e-5f, "sentence " + i);
        }
      }
    }
  }

  private static int[] labelled(WordRow row) {
    int[] labels = row.labels();
    return IntStream.range(0, labels.length).filter(at -> labels[at] != WordRow.IGNORED).toArray();
  }

  private static float[] mean(float[][] states, int[] positions) {
    float[] mean = new float[states[0].length];
    for (int h = 0; h < mean.length; h++) {
      double sum = 0;
      for (int position : positions) {
        sum += states[position][h];
      }
      mean[h] = (float) (sum / positions.length);
    }
    return mean;
  }
}
