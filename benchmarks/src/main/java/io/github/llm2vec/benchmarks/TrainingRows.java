/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.torch.PackedBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Token ids of a training batch and which of them are predicted; the same for both sides.
 *
 * @param ids of every text
 * @param labels the id to be predicted at a position, or -100
 * @param queries how many of the texts are queries; 0 for masked tokens
 */
record TrainingRows(List<int[]> ids, List<int[]> labels, int queries) {

  private static final int NO_LABEL = -100;
  private static final int FIRST_WORD = 3;

  /** Blocks of equal length, a fifth of their tokens masked. */
  static TrainingRows blocks(int texts, int length, int vocabulary) {
    SplittableRandom random = new SplittableRandom(1);
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    for (int i = 0; i < texts; i++) {
      int[] row = random.ints(length, FIRST_WORD, vocabulary).toArray();
      int[] label = new int[length];
      for (int position = 0; position < length; position++) {
        boolean masked = position > 0 && random.nextInt(5) == 0;
        label[position] = masked ? row[position] : NO_LABEL;
      }
      ids.add(row);
      labels.add(label);
    }
    return new TrainingRows(ids, labels, 0);
  }

  /** Queries of up to a quarter of the length, positives and hard negatives of any up to it. */
  static TrainingRows triples(int queries, int length, int vocabulary) {
    SplittableRandom random = new SplittableRandom(2);
    List<int[]> ids = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    for (int i = 0; i < 3 * queries; i++) {
      int tokens = random.nextInt(4, i < queries ? length / 4 : length + 1);
      ids.add(random.ints(tokens, FIRST_WORD, vocabulary).toArray());
      int[] none = new int[tokens];
      Arrays.fill(none, NO_LABEL);
      labels.add(none);
    }
    return new TrainingRows(ids, labels, queries);
  }

  long tokens() {
    return ids.stream().mapToLong(row -> row.length).sum();
  }

  /** All texts, or those from one to another, pooled by their mean. */
  PackedBatch batch(int from, int to) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int i = from; i < to; i++) {
      int[] row = ids.get(i);
      builder.add(row, 0);
      for (int position = 0; position < row.length; position++) {
        builder.pool(position, 1f / row.length);
        if (labels.get(i)[position] != NO_LABEL) {
          builder.label(position, labels.get(i)[position]);
        }
      }
    }
    return builder.build();
  }

  /** Writes what the Python side reads. */
  void write(Path file) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    put(root.putArray("rows"), ids);
    put(root.putArray("labels"), labels);
    root.put("queries", queries);
    mapper.writeValue(file.toFile(), root);
  }

  private static void put(ArrayNode target, List<int[]> rows) {
    for (int[] row : rows) {
      Arrays.stream(row).forEach(target.addArray()::add);
    }
  }
}
