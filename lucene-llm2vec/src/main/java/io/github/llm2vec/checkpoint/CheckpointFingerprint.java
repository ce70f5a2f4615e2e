/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.files.JsonFile;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.gguf.GgufHeader;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.LoraConfig;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsHeader;
import io.github.llm2vec.safetensors.ShardedWeights;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Identifies a checkpoint by its content: config.json, then of every weight file its size, its
 * header and {@value #SAMPLES} blocks of {@value #BLOCK} bytes spread evenly over its data. File
 * names and folders do not count.
 */
final class CheckpointFingerprint {

  private static final int SAMPLES = 256;
  private static final int BLOCK = 4096;

  private final MessageDigest digest;

  private CheckpointFingerprint(MessageDigest digest) {
    this.digest = digest;
  }

  static String of(
      ModelFolder weights, List<ModelFolder> adapters, DecoderSpec spec, String nameOrPath)
      throws IOException {
    CheckpointFingerprint fingerprint = new CheckpointFingerprint(ContentHash.digest("SHA-256"));
    fingerprint.text(nameOrPath);
    fingerprint.text(spec.causal() ? "causal" : "bidirectional");
    fingerprint.whole(weights.required(DecoderConfig.FILE_NAME, "Fetch the complete model"));
    for (Path file : weightFiles(weights)) {
      fingerprint.sample(file);
    }
    for (ModelFolder adapter : adapters) {
      fingerprint.whole(adapter.required(LoraConfig.FILE_NAME, "Fetch the complete adapter"));
      fingerprint.sample(adapter.required(LoraAdapter.WEIGHTS, "Fetch the complete adapter"));
    }
    return HexFormat.of().formatHex(fingerprint.digest.digest());
  }

  private static List<Path> weightFiles(ModelFolder folder) throws IOException {
    if (folder.gguf().isPresent()) {
      return List.of(folder.gguf().get());
    }
    Optional<Path> single = folder.file(Safetensors.SINGLE);
    if (single.isPresent()) {
      return List.of(single.get());
    }
    List<Path> files = new ArrayList<>();
    Path index = folder.required(Safetensors.INDEX, "Fetch the complete model");
    for (String shard : ShardedWeights.shardNames(index)) {
      files.add(folder.required(shard, "Fetch the complete model"));
    }
    return files;
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    digest.update(bytes);
  }

  private void whole(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      number(channel.size());
      block(file, channel, 0, Math.min(channel.size(), JsonFile.MAX_BYTES));
    }
  }

  private void sample(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      long start =
          GgufFolder.isGguf(file)
              ? GgufHeader.read(file, channel).dataStart()
              : SafetensorsHeader.read(file, channel).dataStart();
      number(size);
      block(file, channel, 0, start);
      long data = size - start;
      if (data <= (long) SAMPLES * BLOCK) {
        block(file, channel, start, data);
        return;
      }
      for (int i = 0; i < SAMPLES; i++) {
        // The last block ends where the file does; data of 16 GB are far from overflowing this.
        block(file, channel, start + (data - BLOCK) / (SAMPLES - 1) * i, BLOCK);
      }
      block(file, channel, size - BLOCK, BLOCK);
    }
  }

  private void block(Path file, FileChannel channel, long position, long length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, 1 << 16));
    long end = position + length;
    for (long next = position; next < end; ) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), end - next));
      int read = channel.read(buffer, next);
      if (read < 0) {
        throw new EOFException(file + " became shorter while it was read");
      }
      digest.update(buffer.flip());
      next += read;
    }
  }

  private void number(long value) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(value).flip());
  }
}
