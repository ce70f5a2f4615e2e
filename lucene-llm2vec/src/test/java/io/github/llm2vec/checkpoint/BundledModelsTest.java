/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.files.CacheFolder;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledModelsTest {

  @TempDir private Path folder;
  private Path root;
  private ModelLocator locator;

  private record Bundled(String name, Path folder) implements BundledModel {}

  @BeforeEach
  void setUp() throws IOException {
    root = Files.createDirectories(folder.resolve("models"));
    Path unpacked = folder.resolve("unpacked");
    TinyModel.write(unpacked, "");
    ResolverOptions options =
        ResolverOptions.local(
                new HubEnvironment(
                    folder.resolve("hub"),
                    URI.create("https://hub.example"),
                    Optional.empty(),
                    false))
            .within(root);
    locator =
        new ModelLocator(
            options,
            new BundledModels(List.of(new Bundled("small", unpacked))),
            id -> {
              throw new IOException("nothing is to be fetched");
            });
  }

  @Test
  void aNameMeansTheModelOnTheClassPathThoughItLiesOutsideTheRoot() throws IOException {
    ModelLocator.Located located = locator.locate("small");
    assertEquals(folder.resolve("unpacked"), located.folder().path());
    assertEquals(Optional.empty(), located.hubId());
  }

  @Test
  void aFolderOfThatNameWins() throws IOException {
    TinyModel.write(root.resolve("small"), "");
    assertEquals(root.resolve("small"), locator.locate("small").folder().path());
  }

  @Test
  void aWrongNameIsToldWhichModelsThereAre() {
    ModelUnavailableException thrown =
        assertThrows(ModelUnavailableException.class, () -> locator.locate("smal"));
    assertTrue(
        thrown.getMessage().contains("no model on the class path (there is small)"),
        thrown.getMessage());
  }

  @Test
  void theCacheIsWhereTheEnvironmentPutsIt() {
    Path home = Path.of("home");
    assertEquals(Path.of("home", ".cache", "llm2vec"), CacheFolder.of(Map.of(), home));
    assertEquals(Path.of("xdg", "llm2vec"), CacheFolder.of(Map.of("XDG_CACHE_HOME", "xdg"), home));
    assertEquals(
        Path.of("own"),
        CacheFolder.of(Map.of("XDG_CACHE_HOME", "xdg", "LLM2VEC_CACHE", "own"), home));
  }
}
