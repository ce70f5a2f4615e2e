/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against numbers drawn by CPython and PyTorch (make_random.py). */
class RandomOracleTest {

  private static JsonNode fixture() throws IOException {
    try (InputStream in = RandomOracleTest.class.getResourceAsStream("random.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  static Stream<JsonNode> pythonCases() throws IOException {
    return StreamSupport.stream(fixture().get("python").spliterator(), false);
  }

  static Stream<JsonNode> torchCases() throws IOException {
    return StreamSupport.stream(fixture().get("torch").spliterator(), false);
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  @ParameterizedTest
  @MethodSource("pythonCases")
  void shufflesLikePython(JsonNode expected) {
    long seed = expected.get("seed").longValue();
    PythonRandom words = new PythonRandom(seed);
    for (JsonNode word : expected.get("words")) {
      assertEquals(word.longValue(), Integer.toUnsignedLong(words.next32()));
    }
    PythonRandom random = new PythonRandom(seed);
    for (JsonNode shuffle : expected.get("shuffles")) {
      int[] items = IntStream.range(0, shuffle.size()).toArray();
      random.shuffle(items);
      assertArrayEquals(ints(shuffle), items);
    }
    assertEquals(expected.get("after").longValue(), Integer.toUnsignedLong(random.next32()));
  }

  /** The vector published with the specification of the supervised batches. */
  @Test
  void shufflesTheKnownVector() {
    PythonRandom random = new PythonRandom(42);
    int[] ten = IntStream.range(0, 10).toArray();
    random.shuffle(ten);
    assertArrayEquals(new int[] {7, 3, 2, 8, 5, 6, 9, 4, 0, 1}, ten);
    int[] five = IntStream.range(0, 5).toArray();
    random.shuffle(five);
    assertArrayEquals(new int[] {1, 2, 0, 3, 4}, five);
  }

  @Test
  void ignoresTheSignOfASeedAsPythonDoes() {
    assertEquals(new PythonRandom(42).next32(), new PythonRandom(-42).next32());
  }

  @Test
  void refusesABoundBelowOne() {
    assertThrows(IllegalArgumentException.class, () -> new PythonRandom(1).below(0));
  }

  @ParameterizedTest
  @MethodSource("torchCases")
  void permutesLikeTorch(JsonNode expected) {
    for (JsonNode permutation : expected.get("permutations")) {
      TorchGenerator generator = new TorchGenerator(expected.get("seed").longValue());
      assertArrayEquals(ints(permutation), generator.permutation(permutation.size()));
    }
  }

  @ParameterizedTest
  @MethodSource("torchCases")
  void drawsLikeTorch(JsonNode expected) {
    TorchGenerator generator = new TorchGenerator(expected.get("seed").longValue());
    for (JsonNode number : expected.get("uniform")) {
      assertEquals((float) number.doubleValue(), generator.uniform());
    }
    for (JsonNode draw : expected.get("bernoulli")) {
      StringBuilder drawn = new StringBuilder();
      for (int i = 0; i < draw.get("drawn").textValue().length(); i++) {
        drawn.append(generator.bernoulli((float) draw.get("p").doubleValue()) ? '1' : '0');
      }
      assertEquals(draw.get("drawn").textValue(), drawn.toString());
    }
    for (JsonNode draw : expected.get("below")) {
      for (JsonNode number : draw.get("drawn")) {
        assertEquals(number.intValue(), generator.below(draw.get("bound").intValue()));
      }
    }
    long upper = Integer.toUnsignedLong(generator.next32()) << 32;
    long drawn = (upper | Integer.toUnsignedLong(generator.next32())) & Long.MAX_VALUE;
    assertEquals(expected.get("seed_drawn").textValue(), Long.toString(drawn));
    assertEquals((float) expected.get("next").doubleValue(), generator.uniform());
  }

  @Test
  void refusesPermutationsThatTorchDrawsInAnotherWay() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new TorchGenerator(1).permutation(TorchGenerator.MAX_PERMUTATION + 1));
  }
}
