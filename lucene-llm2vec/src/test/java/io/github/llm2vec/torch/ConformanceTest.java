/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.encoder.DocsTable;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every supported architecture as transformers saves it, causal and bidirectional, with texts
 * shorter and longer than its window, against what the real class computes
 * (src/test/python/make_conformance.py). Bidirectional means {@code is_causal: false}, which all
 * classes of transformers 5 honour.
 */
class ConformanceTest {

  private static final Path ROWS = Path.of("src/test/resources/conformance");
  private static final double TOLERANCE = 1e-5;
  private static final double SMALLEST_COSINE = 0.9995;

  private static final DocsTable TABLE =
      new DocsTable(
          "conformance",
          "| `model_type` | row | saved by | attention | largest difference, float32 | smallest"
              + " cosine, bfloat16 |\n| --- | --- | --- | --- | ---: | ---: |\n",
          2);

  /** What was measured, by row: the lines of the table. */
  private static final Map<String, String> LINES = new TreeMap<>();

  @TempDir Path temporary;

  private double largest;
  private double smallestCosine = 1;

  static List<Path> rows() throws IOException {
    try (Stream<Path> all = Files.list(ROWS)) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyPositionEqualsTransformers(Path row) throws IOException {
    JsonNode expected = new ObjectMapper().readTree(row.resolve("expected.json").toFile());
    for (String attention : List.of("causal", "bidirectional")) {
      if (expected.has(attention)) {
        DecoderSpec spec = spec(row, attention.equals("causal"));
        checkStates(row, spec, expected, attention, true);
        checkStates(row, spec, expected, attention, false);
        checkHalfPrecision(row, spec, expected, attention);
      }
    }
    LINES.put(row.getFileName().toString(), line(row, expected));
  }

  private String line(Path row, JsonNode expected) throws IOException {
    String type = DecoderConfig.read(row.resolve("config.json")).spec().modelType();
    boolean both = expected.has("causal") && expected.has("bidirectional");
    String attention = both ? "both" : expected.has("causal") ? "causal" : "bidirectional";
    return String.format(
        Locale.ROOT,
        "| `%s` | %s | %s | %s | %.1e | %.5f |\n",
        type,
        row.getFileName(),
        expected.get("saved_by").textValue(),
        attention,
        largest,
        smallestCosine);
  }

  @AfterAll
  static void thePageOfModelsHasTheseRows() throws IOException {
    if (LINES.size() < rows().size()) {
      return; // a single row was run, or one failed
    }
    TABLE.check(LINES.values());
  }

  private DecoderSpec spec(Path row, boolean causal) throws IOException {
    Path file = row.resolve("config.json");
    DecoderSpec spec = DecoderConfig.read(file).spec();
    if (spec.causal() == causal) {
      return spec;
    }
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config = (ObjectNode) mapper.readTree(file.toFile());
    Path other = temporary.resolve("config.json");
    mapper.writeValue(other.toFile(), config.put("is_causal", causal));
    return DecoderConfig.read(other).spec();
  }

  static Decoder open(Path row, DecoderSpec spec, DType dtype, boolean packed) throws IOException {
    try (TensorSource tensors = Safetensors.openFolder(row)) {
      return Decoder.load(
          spec,
          CheckpointWeights.of(tensors, row.toString()),
          new DecoderOptions(dtype, TorchDevice.CPU, 64, packed),
          LoadListener.NONE);
    }
  }

  private void checkStates(
      Path row, DecoderSpec spec, JsonNode expected, String attention, boolean packed)
      throws IOException {
    try (Decoder decoder = open(row, spec, DType.FLOAT32, packed)) {
      for (int text = 0; text < expected.get("lengths").size(); text++) {
        int length = expected.get("lengths").get(text).intValue();
        PackedBatch.Builder batch = new PackedBatch.Builder();
        batch.add(ids(length), 0);
        for (int position = 0; position < length; position++) {
          if (position > 0) {
            batch.nextVector();
          }
          batch.pool(position, 1f);
        }
        JsonNode states = expected.get(attention).get("states").get(text);
        for (boolean padded : new boolean[] {false, true}) {
          float[][] actual = decoder.run(batch.build(), padded);
          int width = actual[0].length;
          assertTrue(states.size() == length * width, row + ": another width");
          for (int i = 0; i < states.size(); i++) {
            double difference =
                Math.abs(states.get(i).doubleValue() - actual[i / width][i % width]);
            largest = Math.max(largest, difference);
            assertTrue(
                difference <= TOLERANCE,
                () ->
                    "%s, %s, %d tokens: differs by %s"
                        .formatted(row.getFileName(), attention, length, difference));
          }
        }
      }
    }
  }

  private void checkHalfPrecision(Path row, DecoderSpec spec, JsonNode expected, String attention)
      throws IOException {
    try (Decoder decoder = open(row, spec, DType.BFLOAT16, false)) {
      for (int text = 0; text < expected.get("lengths").size(); text++) {
        int length = expected.get("lengths").get(text).intValue();
        PackedBatch.Builder batch = new PackedBatch.Builder();
        batch.add(ids(length), 0);
        for (int position = 0; position < length; position++) {
          batch.pool(position, 1f / length);
        }
        float[] actual = decoder.forward(batch.build())[0];
        JsonNode mean = expected.get(attention).get("bfloat16_means").get(text);
        double cosine = cosine(i -> mean.get(i).doubleValue(), actual);
        smallestCosine = Math.min(smallestCosine, cosine);
        assertTrue(
            cosine >= SMALLEST_COSINE,
            () ->
                "%s, %s, %d tokens: cosine %s in bfloat16"
                    .formatted(row.getFileName(), attention, length, cosine));
      }
    }
  }

  static double cosine(IntToDoubleFunction expected, float[] actual) {
    double dot = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < actual.length; i++) {
      double value = expected.applyAsDouble(i);
      dot += value * actual[i];
      left += value * value;
      right += actual[i] * actual[i];
    }
    return dot / Math.sqrt(left * right);
  }

  /** The formula of the script. */
  static int[] ids(int length) {
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = (7 * i + 3) % 40;
    }
    return ids;
  }
}
