/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.hub.HubId;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubDownloaderTest extends HubTestCase {

  @Test
  void fetchesIntoTheLayoutThatHuggingFaceShares() throws IOException {
    assertEquals(repository.resolve("snapshots").resolve(FakeHub.COMMIT), fetch());
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
    assertEquals(FakeHub.COMMIT, Files.readString(repository.resolve("refs/main")));
    assertEquals(List.of(), pauses);
  }

  @Test
  void fetchesOnlyWhatIsNeeded() throws IOException {
    for (String name :
        List.of(
            "pytorch_model.bin",
            "modeling_llama.py",
            "README.md",
            "consolidated.safetensors",
            "onnx/model.onnx",
            "training_args.bin",
            "1_Pooling/weights.bin",
            "generation_config.json")) {
      hub.file(name, "x");
    }
    String[] needed = {
      "1_Pooling/config.json",
      "config.json",
      "config_sentence_transformers.json",
      "llm2vec_config.json",
      "model.safetensors",
      "modules.json",
      "sentence_bert_config.json",
      "special_tokens_map.json",
      "tokenizer.json",
      "tokenizer_config.json"
    };
    for (String name : needed) {
      if (hub.content(name) == null) {
        hub.file(name, "{\"" + name + "\":1}");
      }
    }
    fetch();
    assertFetched(needed);
  }

  @Test
  void fetchesTheShardsOfTheIndex() throws IOException {
    byte[] shard = hub.content(WEIGHTS);
    hub.close();
    hub =
        new FakeHub()
            .file("config.json", "{}")
            .file("tokenizer.json", "{ }")
            .file("a.safetensors", shard)
            .file("b.safetensors", Arrays.copyOf(shard, 99))
            .file("unrelated.safetensors", "x")
            .file(
                "model.safetensors.index.json",
                "{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\"}}");
    fetch();
    assertFetched(
        "config.json",
        "tokenizer.json",
        "a.safetensors",
        "b.safetensors",
        "model.safetensors.index.json");
  }

  @Test
  void fetchesAnAdapterWithoutOtherWeights() throws IOException {
    hub.file("adapter_config.json", "{\"r\":1}").file("adapter_model.safetensors", "y");
    fetch();
    assertFetched(
        "adapter_config.json", "adapter_model.safetensors", "config.json", "tokenizer.json");
  }

  @Test
  void continuesWhereTheConnectionBroke() throws IOException {
    hub.next(WEIGHTS, FakeHub.cutAfter(20_000));
    hub.next(WEIGHTS, FakeHub.cutAfter(10_000));
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
    List<FakeHub.Request> stored = hub.requests().stream().filter(r -> !r.toHub()).toList();
    assertEquals(3, stored.size());
    assertEquals(Optional.empty(), stored.get(0).range());
    // How much of the last piece arrives is up to the network; what arrived is not asked for again.
    for (FakeHub.Request request : stored.subList(1, 3)) {
      String range = request.range().orElseThrow();
      int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      assertTrue(from > 0 && from <= 30_000, range);
    }
    assertEquals(List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)), pauses);
  }

  @Test
  void givesUpAfterFiveFailuresAndContinuesTheNextTime() throws IOException {
    for (int i = 0; i < 5; i++) {
      hub.next(WEIGHTS, FakeHub.cutAfter(5_000));
    }
    String message = failure();
    assertTrue(message.contains("5 times in a row"), message);
    assertTrue(message.contains("what was fetched is kept"), message);
    assertFalse(Files.exists(blob(WEIGHTS)));
    assertFalse(Files.exists(repository.resolve("refs/main")));
    long kept = Files.size(incomplete(WEIGHTS));
    assertTrue(kept > 0 && kept <= 25_000, "" + kept);
    assertEquals(List.of(1L, 2L, 4L, 8L), pauses.stream().map(Duration::toSeconds).toList());
    hub.requests().clear();
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
    assertEquals(List.of(WEIGHTS), hub.asked());
    assertEquals(Optional.of("bytes=" + kept + "-"), hub.requests().get(2).range());
  }

  @Test
  void startsAnewWhenTheServerIgnoresTheRange() throws IOException {
    hub.next(WEIGHTS, FakeHub.cutAfter(20_000));
    hub.next(WEIGHTS, FakeHub::ignoringRange);
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
  }

  @Test
  void startsAnewWhenWhatWasKeptIsWrong() throws IOException {
    Files.createDirectories(incomplete(WEIGHTS).getParent());
    Files.write(incomplete(WEIGHTS), new byte[30_000]);
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
    assertEquals(1, pauses.size());
  }

  @Test
  void startsAnewWhenMoreWasKeptThanThereIs() throws IOException {
    Files.createDirectories(incomplete(WEIGHTS).getParent());
    Files.write(incomplete(WEIGHTS), new byte[60_000]);
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
  }

  @ParameterizedTest
  @ValueSource(strings = {WEIGHTS, "config.json"})
  void neverKeepsAFileOfAnotherContent(String name) throws IOException {
    hub.next(name, FakeHub::otherContent);
    hub.next(name, FakeHub::otherContent);
    String message = failure();
    assertTrue(message.contains(name + " arrived with another content"), message);
    assertFalse(Files.exists(blob(name)));
    assertFalse(Files.exists(incomplete(name)));
    hub.next(name, FakeHub::otherContent);
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
  }

  @Test
  void neverKeepsAFileThatIsTooLong() throws IOException {
    FakeHub.Answer tooLong =
        (exchange, content) -> FakeHub.whole(exchange, Arrays.copyOf(content, 60_000));
    for (int i = 0; i < 5; i++) {
      hub.next(WEIGHTS, tooLong);
    }
    assertTrue(failure().contains("longer than the 50000 bytes announced"));
    assertFalse(Files.exists(blob(WEIGHTS)));
  }

  @Test
  void takesTheHashFromTheHeadersOfAMirrorThatListsNone() throws IOException {
    hub.hideHashes();
    hub.next(WEIGHTS, FakeHub::whole);
    hub.next(WEIGHTS, FakeHub.cutAfter(20_000));
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
  }

  @Test
  void fetchesARevision() throws IOException {
    fetch(HubId.parse("org/name@refs/pr/1").orElseThrow());
    assertEquals("/api/models/org/name/revision/refs%2Fpr%2F1", hub.requests().get(0).path());
    assertEquals(FakeHub.COMMIT, Files.readString(repository.resolve("refs/refs/pr/1")));
    fetch(HubId.parse("org/name@" + FakeHub.COMMIT).orElseThrow());
    assertFalse(Files.exists(repository.resolve("refs").resolve(FakeHub.COMMIT)));
  }

  @Test
  void sharesWhatDidNotChangeBetweenRevisions() throws IOException {
    fetch();
    try (Stream<Path> files = Files.list(repository.resolve("snapshots"))) {
      Files.move(files.findFirst().orElseThrow(), repository.resolve("snapshots/old"));
    }
    hub.requests().clear();
    fetch();
    assertEquals(List.of(), hub.asked());
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
  }

  @Test
  void leavesAFileAloneThatSomebodyElseFetches() throws IOException {
    Files.createDirectories(incomplete("config.json").getParent());
    try (FileChannel channel =
        FileChannel.open(
            incomplete("config.json"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      assertTrue(channel.lock().isValid());
      assertTrue(failure().contains("is being fetched by somebody else"));
    }
  }

  @Test
  void tellsHowFarItIs() throws IOException {
    List<String> told = new ArrayList<>();
    listener =
        (model, file, done, total) -> told.add(model + " " + file + " " + done + " " + total);
    fetch();
    assertEquals("org/name config.json 0 22", told.get(0));
    assertEquals("org/name config.json 22 22", told.get(1));
    assertEquals("org/name model.safetensors 50000 50000", told.get(told.size() - 1));
  }

  @Test
  void opensAModelThatIsNotThereYetOnlyIfAllowed() throws IOException {
    Path model = TinyModel.write(folder.resolve("original"), "");
    for (String name : List.of("config.json", "tokenizer.json", WEIGHTS)) {
      hub.file(name, Files.readAllBytes(model.resolve(name)));
    }
    HubEnvironment environment =
        new HubEnvironment(folder.resolve("cache"), hub.endpoint(), token, false);
    ResolverOptions local = ResolverOptions.local(environment);
    CheckpointResolver.Request request = CheckpointResolver.Request.of("org/name");
    assertThrows(
        ModelUnavailableException.class, () -> new CheckpointResolver(local).resolve(request));
    HubEnvironment offline =
        new HubEnvironment(folder.resolve("cache"), hub.endpoint(), token, true);
    assertThrows(
        ModelUnavailableException.class,
        () ->
            new CheckpointResolver(ResolverOptions.local(offline).downloading(listener))
                .resolve(request));
    assertEquals(List.of(), hub.requests());
    CheckpointResolver downloading = new CheckpointResolver(local.downloading(listener));
    try (TensorSource weights = downloading.resolve(request).openWeights()) {
      assertEquals(0.5f, Fixtures.readAll(weights, "norm.weight")[0]);
    }
    // What is there is not asked for again, and is found without downloads too.
    hub.requests().clear();
    assertEquals("org/name", downloading.resolve(request).nameOrPath());
    assertEquals("org/name", new CheckpointResolver(local).resolve(request).nameOrPath());
    assertEquals(List.of(), hub.requests());
    // A file that is missing in the cache is fetched.
    Files.delete(repository.resolve("snapshots").resolve(FakeHub.COMMIT).resolve("tokenizer.json"));
    assertEquals("org/name", downloading.resolve(request).nameOrPath());
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
  }
}
