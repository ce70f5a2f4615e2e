/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoHomeTest {

  @TempDir private Path cache;

  @Test
  void keepsWhatIsAboutTheSameAndEmptiesWhatIsNot() throws IOException {
    Path index = cache.resolve("demo").resolve("index");
    try (DemoHome home = DemoHome.own(cache)) {
      DemoHome.Content content = home.prepare("model and corpus");
      Files.writeString(index, "documents");
      assertFalse(content.isComplete(3));
      content.complete(3);
    }
    try (DemoHome home = DemoHome.own(cache)) {
      DemoHome.Content content = home.prepare("model and corpus");
      assertTrue(Files.exists(index));
      assertTrue(content.isComplete(3));
      assertFalse(content.isComplete(2));
      assertFalse(home.prepare("another model and corpus").isComplete(3));
      assertFalse(Files.exists(index));
      assertFalse(home.prepare("model and corpus").isComplete(3));
    }
  }

  @Test
  void aSecondDemoGetsAHomeOfItsOwnThatIsDeleted() throws IOException {
    try (DemoHome first = DemoHome.own(cache)) {
      Path other;
      try (DemoHome second = DemoHome.own(cache)) {
        other = second.path();
        assertTrue(second.temporary());
        assertNotEquals(first.path(), other);
        second.prepare("anything");
      }
      assertFalse(Files.exists(other));
      assertFalse(first.temporary());
    }
    try (DemoHome next = DemoHome.own(cache)) {
      assertEquals(cache.resolve("demo").toAbsolutePath(), next.path());
    }
  }

  @Test
  void aHomeThatTheUserNamedIsNeverEmptied() throws IOException {
    Path file = Files.writeString(cache.resolve("precious"), "mine");
    try (DemoHome home = DemoHome.named(cache)) {
      home.prepare("one");
      home.prepare("another");
    }
    assertTrue(Files.exists(file));
  }

  @Test
  void anIndexIsOfAnotherContentWhenAFileOrItsNameIsAnother() throws IOException {
    Path folder = Files.createDirectories(cache.resolve("conf"));
    Files.writeString(folder.resolve("a"), "1");
    String first = DemoHome.hash(folder);
    assertEquals(first, DemoHome.hash(folder));
    Files.writeString(folder.resolve("a"), "2");
    String second = DemoHome.hash(folder);
    assertNotEquals(first, second);
    Files.move(folder.resolve("a"), folder.resolve("b"));
    assertNotEquals(second, DemoHome.hash(folder));
  }
}
