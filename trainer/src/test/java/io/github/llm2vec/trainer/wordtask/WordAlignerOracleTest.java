/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.wordtask.WordData.WordRow;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against llm2vec's alignment of words and tokens (make_collation.py). */
class WordAlignerOracleTest {

  private static final String FIXTURE = "/io/github/llm2vec/trainer/dataloader/collation.json";
  private static final Path CHECKPOINTS =
      Path.of("..", "lucene-llm2vec", "src", "test", "resources", "checkpoints");

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.textValue()));
    return texts;
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3-gqa", "mistral-gqa", "qwen2"})
  void alignsWordsAsUpstreamDoes(String name) throws Exception {
    JsonNode fixture;
    try (InputStream in = WordAlignerOracleTest.class.getResourceAsStream(FIXTURE)) {
      fixture = new ObjectMapper().readTree(in);
    }
    List<WordFiles.Sentence> sentences = new ArrayList<>();
    fixture
        .get("sentences")
        .forEach(
            s ->
                sentences.add(new WordFiles.Sentence(texts(s.get("words")), texts(s.get("tags")))));
    LabelSet labels = LabelSet.conll2003(WordTask.NER_TAGS);
    try (Tokenizer tokenizer = Tokenizer.open(CHECKPOINTS.resolve(name))) {
      for (JsonNode expected : fixture.get("words").get(name)) {
        LabelShift shift =
            LabelShift.valueOf(expected.get("mode").textValue().toUpperCase(Locale.ROOT));
        WordData.Settings aligner =
            new WordData.Settings(
                tokenizer, WordTask.NER_TAGS, labels, shift, expected.get("max_length").intValue());
        for (int i = 0; i < sentences.size(); i++) {
          JsonNode row = expected.get("rows").get(i);
          WordRow found = aligner.align(sentences.get(i));
          assertArrayEquals(ints(row.get("ids")), found.ids());
          assertArrayEquals(ints(row.get("labels")), found.labels());
          assertArrayEquals(ints(row.get("words")), found.words());
        }
      }
    }
  }
}
