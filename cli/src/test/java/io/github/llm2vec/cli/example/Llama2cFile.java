/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.example;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A small random llama2.c checkpoint, written section by section as its format describes. */
final class Llama2cFile {

  static final int HIDDEN = 24;
  static final int INTERMEDIATE = 20;
  static final int LAYERS = 2;
  static final int HEADS = 3;
  static final int KV_HEADS = 1;
  static final int VOCAB = 266;
  static final int POSITIONS = 16;
  static final int HEAD_DIM = HIDDEN / HEADS;

  private final Map<String, float[]> sections = new LinkedHashMap<>();
  private final boolean shared;

  Llama2cFile(Random random, boolean shared) {
    this.shared = shared;
    int kvWidth = KV_HEADS * HEAD_DIM;
    section(random, "embedding", VOCAB * HIDDEN);
    section(random, "attentionNorm", LAYERS * HIDDEN);
    section(random, "q", LAYERS * HIDDEN * HIDDEN);
    section(random, "k", LAYERS * kvWidth * HIDDEN);
    section(random, "v", LAYERS * kvWidth * HIDDEN);
    section(random, "o", LAYERS * HIDDEN * HIDDEN);
    section(random, "mlpNorm", LAYERS * HIDDEN);
    section(random, "w1", LAYERS * INTERMEDIATE * HIDDEN);
    section(random, "w2", LAYERS * HIDDEN * INTERMEDIATE);
    section(random, "w3", LAYERS * INTERMEDIATE * HIDDEN);
    section(random, "norm", HIDDEN);
    section(random, "cosines", POSITIONS * HEAD_DIM / 2);
    section(random, "sines", POSITIONS * HEAD_DIM / 2);
    if (!shared) {
      section(random, "classifier", VOCAB * HIDDEN);
    }
  }

  private void section(Random random, String name, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    sections.put(name, values);
  }

  /** The part of a section that one layer has. */
  float[] layer(String section, int layer) {
    float[] all = sections.get(section);
    int size = all.length / LAYERS;
    float[] part = new float[size];
    System.arraycopy(all, layer * size, part, 0, size);
    return part;
  }

  float[] section(String name) {
    return sections.get(name);
  }

  byte[] bytes() {
    int floats = sections.values().stream().mapToInt(s -> s.length).sum();
    ByteBuffer bytes = ByteBuffer.allocate(28 + 4 * floats).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(HIDDEN).putInt(INTERMEDIATE).putInt(LAYERS).putInt(HEADS).putInt(KV_HEADS);
    bytes.putInt(shared ? VOCAB : -VOCAB).putInt(POSITIONS);
    for (float[] section : sections.values()) {
      for (float value : section) {
        bytes.putFloat(value);
      }
    }
    return bytes.array();
  }

  /** A tokenizer file: special tokens, bytes, then pieces with falling scores. */
  static Path writeTokenizer(Path file, List<String> pieces) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(32);
    for (String special : List.of("<unk>", "\n<s>\n", "\n</s>\n")) {
      putPiece(bytes, special, 0);
    }
    for (int b = 0; b < 256; b++) {
      putPiece(bytes, String.format("<0x%02X>", b), 0);
    }
    for (int i = 0; i < pieces.size(); i++) {
      putPiece(bytes, pieces.get(i), -i);
    }
    byte[] written = new byte[bytes.position()];
    bytes.flip().get(written);
    return Files.write(file, written);
  }

  private static void putPiece(ByteBuffer target, String piece, float score) {
    byte[] text = piece.getBytes(StandardCharsets.UTF_8);
    target.putFloat(score).putInt(text.length).put(text);
  }
}
