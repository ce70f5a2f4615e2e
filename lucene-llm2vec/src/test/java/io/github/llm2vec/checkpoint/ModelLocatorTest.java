/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.hub.HubId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelLocatorTest {

  @TempDir Path folder;

  private Path root;
  private ResolverOptions options;

  @BeforeEach
  void setUp() throws IOException {
    root = Files.createDirectories(folder.resolve("models"));
    options =
        ResolverOptions.local(
                new HubEnvironment(
                    folder.resolve("cache"),
                    URI.create("https://hub.example"),
                    Optional.empty(),
                    false))
            .within(root);
    TinyModel.write(root.resolve("inside"), "");
    TinyModel.write(folder.resolve("outside"), "");
  }

  private ResolvedCheckpoint resolve(String model) throws IOException {
    return new CheckpointResolver(options).resolve(CheckpointResolver.Request.of(model));
  }

  @Test
  void findsFoldersRelativeToTheRoot() throws IOException {
    assertEquals(root.resolve("inside"), resolve("inside").weightsFolder());
    assertEquals(
        root.resolve("inside"), resolve(root.resolve("inside").toString()).weightsFolder());
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside", "inside/../../outside"})
  void refusesFoldersOutsideTheRoot(String name) {
    assertOutside(name);
    assertOutside(folder.resolve("outside").toString());
  }

  private void assertOutside(String name) {
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> resolve(name));
    assertTrue(e.getMessage().contains("lies outside"), e.getMessage());
  }

  @Test
  void refusesLinksThatLeaveTheRoot() throws IOException {
    Files.createSymbolicLink(root.resolve("link"), folder.resolve("outside"));
    assertOutside("link");
    Path model = root.resolve("inside");
    Files.delete(model.resolve("model.safetensors"));
    Files.createSymbolicLink(
        model.resolve("model.safetensors"), folder.resolve("outside/model.safetensors"));
    assertOutside("inside");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
  void refusesATokenizerThatLeavesTheRoot(String name) throws IOException {
    Path file = root.resolve("inside").resolve(name);
    Files.deleteIfExists(file);
    Files.createSymbolicLink(file, folder.resolve("outside/tokenizer.json"));
    assertOutside("inside");
  }

  @Test
  void followsLinksThatStayInside() throws IOException {
    Files.createSymbolicLink(root.resolve("link"), root.resolve("inside"));
    assertEquals(root.resolve("link"), resolve("link").weightsFolder());
  }

  @Test
  void refusesAnAdapterWhoseBaseLiesOutside() throws IOException {
    TinyModel.adapter(root.resolve("adapter"), folder.resolve("outside").toString());
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> resolve("adapter"));
    assertTrue(e.getMessage().contains("lies outside"), e.getMessage());
  }

  @Test
  void findsHubModelsInTheCacheWhoseFilesAreLinks() throws IOException {
    String commit = "0123456789abcdef0123456789abcdef01234567";
    Path repository = folder.resolve("cache/models--org--name");
    Path blobs = TinyModel.write(repository.resolve("blobs"), "");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/" + commit));
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      Files.createSymbolicLink(snapshot.resolve(file), Path.of("../../blobs/" + file));
    }
    Files.createDirectories(repository.resolve("refs/refs/pr"));
    for (String ref : List.of("main", "v1.0", "refs/pr/1")) {
      Files.writeString(repository.resolve("refs").resolve(ref), commit + "\n");
    }
    assertTrue(blobs.startsWith(repository));
    for (String id :
        List.of("org/name", "org/name@v1.0", "org/name@refs/pr/1", "org/name@" + commit)) {
      ResolvedCheckpoint checkpoint = resolve(id);
      assertEquals(snapshot, checkpoint.weightsFolder(), id);
      assertEquals("org/name", checkpoint.nameOrPath());
    }
    assertThrows(ModelUnavailableException.class, () -> resolve("org/name@v2"));
    Files.delete(snapshot.resolve("config.json"));
    Files.createSymbolicLink(
        snapshot.resolve("config.json"), folder.resolve("outside/config.json"));
    assertOutside("org/name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"org/..", "../name", "org/name@../x", "org/name@a/../b", "-a/b", "a/b@"})
  void takesNothingForAnIdThatCouldLeaveTheCache(String text) {
    assertEquals(Optional.empty(), HubId.parse(text));
  }

  @Test
  void ignoresARefThatIsNoCommit() throws IOException {
    Path refs = Files.createDirectories(folder.resolve("cache/models--org--name/refs"));
    Files.writeString(refs.resolve("main"), "../../../outside");
    assertThrows(ModelUnavailableException.class, () -> resolve("org/name"));
  }
}
