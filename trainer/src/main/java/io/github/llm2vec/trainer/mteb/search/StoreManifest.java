/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.files.FileChannels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The small files beside the vectors of a store: {@code store.json} with its identity, {@code
 * shards.jsonl} with one line per finished shard, and {@code complete.json} with the number of
 * vectors once all are there. A line of a shard is written after its file is on disk, so a killed
 * run leaves at worst a shard without a line, or half a line, and both are ignored.
 */
record StoreManifest(Path folder) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String IDENTITY = "store.json";
  private static final String SHARDS = "shards.jsonl";
  private static final String COMPLETE = "complete.json";

  Optional<StoreIdentity> identity() throws IOException {
    Path file = folder.resolve(IDENTITY);
    return Files.exists(file)
        ? Optional.of(JSON.readValue(Files.readAllBytes(file), StoreIdentity.class))
        : Optional.empty();
  }

  void start(StoreIdentity identity) throws IOException {
    Files.createDirectories(folder);
    Files.deleteIfExists(folder.resolve(COMPLETE));
    Files.deleteIfExists(folder.resolve(SHARDS));
    AtomicFile.write(folder.resolve(IDENTITY), JSON.writeValueAsString(identity));
  }

  /** The finished shards whose files are there; a later line of a shard replaces an earlier one. */
  SortedMap<Integer, Shard> shards(StoreIdentity identity) throws IOException {
    SortedMap<Integer, Shard> shards = new TreeMap<>();
    Path file = folder.resolve(SHARDS);
    if (!Files.exists(file)) {
      return shards;
    }
    String content = Files.readString(file, StandardCharsets.UTF_8);
    int complete = content.lastIndexOf('\n') + 1;
    if (complete < content.length()) {
      AtomicFile.write(folder.resolve(SHARDS), content.substring(0, complete));
    }
    for (String line : content.substring(0, complete).lines().toList()) {
      Shard shard = parse(file, line);
      Path vectors = folder.resolve(shard.file());
      long expected = NpyFile.bytes(shard.vectors(), identity.dimensions());
      if (Files.exists(vectors) && Files.size(vectors) == expected) {
        shards.put(shard.shard(), shard);
      } else {
        shards.remove(shard.shard());
      }
    }
    return shards;
  }

  private static Shard parse(Path file, String line) throws IOException {
    try {
      return JSON.readValue(line, Shard.class);
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + " is damaged at '" + line + "'; delete the folder and encode again", e);
    }
  }

  void add(Shard shard) throws IOException {
    Files.deleteIfExists(folder.resolve(COMPLETE));
    byte[] line = (JSON.writeValueAsString(shard) + "\n").getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(
            folder.resolve(SHARDS), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      FileChannels.write(channel, ByteBuffer.wrap(line));
      channel.force(true);
    }
  }

  void complete(int vectors) throws IOException {
    AtomicFile.write(folder.resolve(COMPLETE), JSON.writeValueAsString(vectors));
  }

  /** Number of vectors, if all are there. */
  Optional<Integer> completed() throws IOException {
    Path file = folder.resolve(COMPLETE);
    return Files.exists(file)
        ? Optional.of(JSON.readValue(Files.readAllBytes(file), Integer.class))
        : Optional.empty();
  }

  /**
   * What a store knows of one of its files.
   *
   * @param shard number of the shard, from 0
   * @param vectors how many it holds
   * @param texts SHA-256 of the texts that were encoded, in hexadecimal
   * @param unusable places in the shard of vectors that are zero or not finite
   */
  record Shard(int shard, int vectors, String texts, List<Integer> unusable) {

    Shard {
      unusable = List.copyOf(unusable);
    }

    String file() {
      return String.format(Locale.ROOT, "vectors-%05d.npy", shard);
    }
  }
}
