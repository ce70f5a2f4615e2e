/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackedFilesTest {

  @TempDir private Path folder;
  private Path parent;
  private Path source;

  @BeforeEach
  void setUp() throws IOException {
    parent = folder.resolve("cache");
    source = Files.createDirectories(folder.resolve("source"));
    Files.writeString(source.resolve("a"), "first");
    Files.writeString(source.resolve("b"), "second");
  }

  private Path unpack() throws IOException {
    return new UnpackedFiles(parent, "it", Map.of("a", url("a"), "b", url("b"))).folder();
  }

  private URL url(String name) throws IOException {
    return source.resolve(name).toUri().toURL();
  }

  private Set<String> inCache() throws IOException {
    try (Stream<Path> entries = Files.list(parent)) {
      return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void aSecondCallLeavesTheFilesAlone() throws IOException {
    Path first = unpack();
    FileTime old = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(first.resolve("a"), old);
    assertEquals(first, unpack());
    assertEquals(old, Files.getLastModifiedTime(first.resolve("a")));
    assertEquals("second", Files.readString(first.resolve("b")));
  }

  @Test
  void otherContentsHaveAnotherFolder() throws IOException {
    Path first = unpack();
    Files.writeString(source.resolve("b"), "third");
    Path second = unpack();
    assertNotEquals(first, second);
    assertEquals("second", Files.readString(first.resolve("b")));
    assertEquals("third", Files.readString(second.resolve("b")));
  }

  @Test
  void aFolderThatWasChangedIsMadeAnew() throws IOException {
    Path changed = unpack();
    Files.writeString(changed.resolve("a"), "fiRst");
    Files.delete(changed.resolve("b"));
    assertEquals(changed, unpack());
    assertEquals("first", Files.readString(changed.resolve("a")));
    assertEquals(Set.of(changed.getFileName().toString()), inCache());
  }

  /** Contents may not slip from one file into the next unnoticed. */
  @Test
  void whereOneFileEndsAndTheNextBeginsIsPartOfTheHash() throws IOException {
    Path first = unpack();
    Files.writeString(source.resolve("a"), "firsts");
    Files.writeString(source.resolve("b"), "econd");
    assertNotEquals(first, unpack());
  }

  @Test
  void manyAtOnceMakeOneFolder() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Path>> calls = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        calls.add(this::unpack);
      }
      Set<Path> folders = new HashSet<>();
      for (Future<Path> call : callers.invokeAll(calls)) {
        folders.add(call.get());
      }
      assertEquals(1, folders.size());
      assertEquals(1, inCache().size());
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void aPlaceThatCannotBeWrittenIsAnError() throws IOException {
    Files.writeString(parent, "a file where a folder should be");
    assertThrows(IOException.class, this::unpack);
    assertTrue(Files.isRegularFile(parent));
  }
}
