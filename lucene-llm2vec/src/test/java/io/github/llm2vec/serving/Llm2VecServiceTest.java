/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.CompatibilityFlag;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.metrics.ServingMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real, small language model behind a service. */
@Timeout(120)
class Llm2VecServiceTest {

  private static final Path CHECKPOINT = Path.of("src/test/resources/checkpoints/llama-mha");

  /** In upstream's ways, as the expected vectors were recorded. */
  private static Llm2Vec open() throws IOException {
    return Llm2Vec.open(
        ModelSource.of(CHECKPOINT),
        Llm2VecOptions.builder()
            .enableBidirectional(true)
            .pooling(Pooling.MEAN)
            .compatibility(
                Compatibility.PUBLISHED
                    .with(CompatibilityFlag.WORD_SHORTENING)
                    .with(CompatibilityFlag.SEPARATOR_IN_TEXT))
            .maxBatchTokens(256)
            .build());
  }

  private static List<JsonNode> cases() throws IOException {
    JsonNode expected =
        new ObjectMapper().readTree(CHECKPOINT.resolve("expected/bidirectional.json").toFile());
    List<JsonNode> cases = new ArrayList<>();
    for (JsonNode group : expected.get("groups")) {
      if (group.get("name").asText().equals("mean-instructions")) {
        group.get("cases").forEach(cases::add);
      }
    }
    return cases;
  }

  private static Prompt prompt(JsonNode single) {
    String instruction = single.get("instruction").asText();
    return single.get("role").asText().equals("query")
        ? Prompt.query(instruction)
        : Prompt.document(instruction);
  }

  @Test
  void vectorsOfManyCallersAreThoseThatPythonRecorded() throws IOException {
    long seed = System.nanoTime();
    List<JsonNode> cases = cases();
    assertTrue(cases.size() > 5);
    Llm2Vec model = open();
    try (EncoderService service = EncoderService.start(model, ServingOptions.defaults())) {
      List<Caller<Double>> callers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        List<JsonNode> shuffled = new ArrayList<>(cases);
        Collections.shuffle(shuffled, new Random(seed + i));
        callers.add(Caller.start(() -> largestDifference(service, shuffled)));
      }
      for (Caller<Double> caller : callers) {
        assertEquals(0, caller.result(), 1e-5, "seed " + seed);
      }
      ServingMetrics metrics = service.metrics();
      assertEquals(model.maxBatchTokens(), metrics.sizing().maxBatchTokens());
      assertTrue(metrics.timings().tokenize().count() > 0);
    }
    assertThrows(IllegalStateException.class, () -> model.encodeOne("a", Prompt.document()));
  }

  private static double largestDifference(EncoderService service, List<JsonNode> cases) {
    double largest = 0;
    for (JsonNode single : cases) {
      float[] vector = service.encodeOne(single.get("text").asText(), prompt(single));
      JsonNode expected = single.get("embedding");
      double length = 0;
      for (JsonNode value : expected) {
        length += value.asDouble() * value.asDouble();
      }
      for (int i = 0; i < vector.length; i++) {
        double difference = Math.abs(vector[i] - expected.get(i).asDouble());
        largest = Math.max(largest, difference / Math.sqrt(length));
      }
    }
    return largest;
  }

  @Test
  void textsOfAnyKindGetVectors() throws IOException {
    try (EncoderService service = EncoderService.start(open(), ServingOptions.defaults())) {
      List<String> texts = List.of("one", "", "word ".repeat(20_000), "\ud800", "two");
      service
          .submitAll(texts, Prompt.document())
          .forEach(future -> assertEquals(service.dimensions(), future.join().length));
    }
  }
}
