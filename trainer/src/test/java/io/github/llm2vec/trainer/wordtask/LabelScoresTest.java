/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.tokenclassification.WordSpan;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scores equal seqeval's, on what {@code make_seqeval_cases.py} wrote. */
class LabelScoresTest {

  private static final double TOLERANCE = 1e-12;

  @Test
  void scoresEqualSeqevals() throws IOException {
    JsonNode cases;
    try (InputStream in = LabelScoresTest.class.getResourceAsStream("/wordtask/seqeval.json")) {
      cases = new ObjectMapper().readTree(in);
    }
    for (JsonNode expected : cases) {
      String name = expected.get("name").asText();
      LabelScores scores = new LabelScores();
      for (int i = 0; i < expected.get("truth").size(); i++) {
        scores.add(labels(expected.get("truth").get(i)), labels(expected.get("predicted").get(i)));
      }
      assertEquals(expected.get("accuracy").asDouble(), scores.accuracy(), TOLERANCE, name);
      assertScore(expected.get("micro"), scores.overall(), name + ", overall");
      List<WordScores.SpanScore> byType = new ArrayList<>(scores.byType().values());
      assertEquals(expected.get("by_type").size(), byType.size(), name + ", types");
      for (int i = 0; i < byType.size(); i++) {
        assertScore(expected.get("by_type").get(i), byType.get(i), name + ", type " + i);
      }
    }
  }

  private static List<String> labels(JsonNode list) {
    List<String> labels = new ArrayList<>();
    list.forEach(label -> labels.add(label.asText()));
    return labels;
  }

  private static void assertScore(JsonNode expected, WordScores.SpanScore score, String name) {
    assertEquals(expected.get(0).asDouble(), score.precision(), TOLERANCE, name);
    assertEquals(expected.get(1).asDouble(), score.recall(), TOLERANCE, name);
    assertEquals(expected.get(2).asDouble(), score.f1(), TOLERANCE, name);
    assertEquals(expected.get(3).asLong(), score.support(), name);
  }

  @Test
  void findsSpansWithTheirPlaces() {
    assertEquals(
        List.of(new WordSpan("PER", 0, 1), new WordSpan("LOC", 3, 3)),
        WordSpan.of(List.of("B-PER", "I-PER", "O", "B-LOC")));
    assertEquals(
        List.of(new WordSpan("PER", 0, 0), new WordSpan("PER", 1, 1)),
        WordSpan.of(List.of("I-PER", "B-PER")));
    assertEquals(List.of(), WordSpan.of(List.of()));
  }

  @Test
  void refusesSentencesOfDifferentLengths() {
    LabelScores scores = new LabelScores();
    assertThrows(IllegalArgumentException.class, () -> scores.add(List.of("O"), List.of("O", "O")));
    assertThrows(IllegalArgumentException.class, () -> scores.add(List.of(""), List.of("O")));
  }
}
