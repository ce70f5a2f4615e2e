/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.DownloadListener;
import io.github.llm2vec.hub.HubDownloader;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.hub.HubId;
import io.github.llm2vec.hub.Retries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A fake hub with a small model, a cache and a downloader whose pauses take no time. */
abstract class HubTestCase {

  static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  static final HubId ID = HubId.parse("org/name").orElseThrow();
  static final String WEIGHTS = "model.safetensors";

  @TempDir Path folder;

  FakeHub hub;
  Path repository;
  Optional<String> token = Optional.of("hf_secret");
  DownloadListener listener = DownloadListener.NONE;
  final List<Duration> pauses = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    byte[] weights = new byte[50_000];
    new Random(7).nextBytes(weights);
    hub =
        new FakeHub()
            .file("config.json", "{\"model_type\":\"llama\"}")
            .file("tokenizer.json", "{}")
            .file(WEIGHTS, weights);
    repository = folder.resolve("cache/models--org--name");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  Path fetch() throws IOException {
    return fetch(ID);
  }

  Path fetch(HubId id) throws IOException {
    HubEnvironment environment =
        new HubEnvironment(folder.resolve("cache"), hub.endpoint(), token, false);
    return new HubDownloader(
            environment,
            new ModelFiles(),
            listener,
            new Retries(Clock.fixed(NOW, ZoneOffset.UTC), pauses::add))
        .fetch(id);
  }

  String failure() {
    return assertThrows(ModelUnavailableException.class, this::fetch).getMessage();
  }

  Path blob(String name) {
    return repository.resolve("blobs").resolve(hub.tag(name));
  }

  Path incomplete(String name) {
    return repository.resolve("blobs").resolve(hub.tag(name) + ".incomplete");
  }

  void assertFetched(String... names) throws IOException {
    for (String name : names) {
      Path file = repository.resolve("snapshots").resolve(FakeHub.COMMIT).resolve(name);
      assertArrayEquals(hub.content(name), Files.readAllBytes(file), name);
      assertTrue(Files.isSymbolicLink(file));
      assertEquals(blob(name).toRealPath(), file.toRealPath());
      assertFalse(Files.readSymbolicLink(file).isAbsolute());
    }
    try (Stream<Path> blobs = Files.list(repository.resolve("blobs"))) {
      assertEquals(names.length, blobs.count());
    }
  }
}
