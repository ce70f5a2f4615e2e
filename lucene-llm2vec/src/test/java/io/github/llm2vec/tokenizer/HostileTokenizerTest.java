/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random damage to tokenizer files, and closing while others encode. Whatever goes wrong must be an
 * exception: a crash ends the test process.
 */
class HostileTokenizerTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Path CHECKPOINTS = Path.of("src", "test", "resources", "checkpoints");
  private static final int ROUNDS = 400;
  private static final List<String> JUNK =
      List.of(
          "null",
          "-1",
          "0",
          "4294967295",
          "1099511627776",
          "1e300",
          "true",
          "[]",
          "{}",
          "\"\"",
          "\"((([\"",
          "\"▁\"",
          "\"\\ud83d\"",
          "[[]]",
          "{\"type\":\"Sequence\"}");

  @TempDir Path folder;

  @Test
  void turnsRandomDamageIntoExceptions() throws IOException {
    long seed = System.nanoTime();
    System.err.println("HostileTokenizerTest seed " + seed);
    int opened = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Random random = new Random(seed + round);
      String[] names = {"llama-mha", "llama3-gqa", "gemma", "qwen2", "mistral-gqa"};
      Path source = CHECKPOINTS.resolve(names[random.nextInt(names.length)]);
      JsonNode definition = MAPPER.readTree(Files.readAllBytes(source.resolve("tokenizer.json")));
      for (int i = random.nextInt(3); i >= 0; i--) {
        damage(definition, random);
      }
      Files.write(folder.resolve("tokenizer.json"), MAPPER.writeValueAsBytes(definition));
      opened += use() ? 1 : 0;
    }
    assertTrue(opened > 0 && opened < ROUNDS, opened + " of " + ROUNDS + " opened, seed " + seed);
  }

  private boolean use() throws IOException {
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      tokenizer.encode("The quick <s> brown_fox 汉字 😀\u0000 é </s>");
      tokenizer.encodeWithSpans("a \ud83d b");
      return true;
    } catch (TokenizerFormatException | IllegalStateException expected) {
      return false;
    }
  }

  private static void damage(JsonNode root, Random random) throws IOException {
    List<Runnable> places = new ArrayList<>();
    JsonNode junk = MAPPER.readTree(JUNK.get(random.nextInt(JUNK.size())));
    collect(root, places, junk, random);
    places.get(random.nextInt(places.size())).run();
  }

  /** Every place where something could be replaced or removed, but few of long lists. */
  private static void collect(JsonNode node, List<Runnable> places, JsonNode junk, Random random) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> entry : object.properties()) {
        if (object.size() > 50 && random.nextInt(50) > 0) {
          continue;
        }
        places.add(() -> object.set(entry.getKey(), junk));
        places.add(() -> object.remove(entry.getKey()));
        collect(entry.getValue(), places, junk, random);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (array.size() > 50 && random.nextInt(50) > 0) {
          continue;
        }
        int index = i;
        places.add(() -> array.set(index, junk));
        collect(array.get(i), places, junk, random);
      }
    }
  }

  @Test
  void closesOnlyBetweenCalls() throws Exception {
    for (int round = 0; round < 20; round++) {
      Tokenizer tokenizer = Tokenizer.open(CHECKPOINTS.resolve("llama-mha"));
      CountDownLatch started = new CountDownLatch(3);
      AtomicInteger refused = new AtomicInteger();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Thread thread = new Thread(() -> encodeUntilClosed(tokenizer, started, refused));
        thread.start();
        threads.add(thread);
      }
      started.await();
      tokenizer.close();
      for (Thread thread : threads) {
        thread.join();
      }
      assertTrue(refused.get() == 3, "refused " + refused);
    }
  }

  private static void encodeUntilClosed(
      Tokenizer tokenizer, CountDownLatch started, AtomicInteger refused) {
    String text = "The ferry left at noon. ".repeat(20);
    try {
      while (true) {
        tokenizer.encode(text);
        started.countDown();
      }
    } catch (IllegalStateException e) {
      refused.incrementAndGet();
    }
  }
}
