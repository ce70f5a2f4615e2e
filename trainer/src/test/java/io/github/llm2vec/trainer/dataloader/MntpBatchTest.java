/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.config.MaskingArguments.Collator;
import io.github.llm2vec.trainer.data.Streams;
import io.github.llm2vec.trainer.random.TorchGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MntpBatchTest {

  /** The masked batch of the published training vector: padded on the left by two. */
  private static final String GOLDEN =
      "{\"input_ids\":[[2,2,5,3,7,3],[1,9,3,11,12,13]],"
          + "\"attention_mask\":[[0,0,1,1,1,1],[1,1,1,1,1,1]],"
          + "\"labels\":[[-100,-100,-100,6,-100,8],[-100,-100,10,-100,-100,-100]]}\n";

  @TempDir Path folder;

  private static TokenRow row(int... ids) {
    BitSet special = new BitSet();
    special.set(0);
    return TokenRow.of(ids, special);
  }

  @Test
  void readsRowsWithoutTheirPadding() throws IOException {
    Path file = Files.writeString(folder.resolve("masks.jsonl"), GOLDEN + GOLDEN);
    MaskFileDataLoader source = new MaskFileDataLoader(file);
    assertEquals(OptionalLong.of(2), source.batchesPerEpoch());
    MntpBatch batch = Streams.all(source.epoch(3, 1)).get(0);
    assertEquals(2, batch.rows());
    assertEquals(6, batch.columns());
    assertEquals(10, batch.tokens());
    assertArrayEquals(new int[] {5, 3, 7, 3}, batch.ids(0));
    assertArrayEquals(new int[] {-100, 6, -100, 8}, batch.labels(0));
    assertArrayEquals(new int[] {-100, -100, 10, -100, -100, -100}, batch.labels(1));
  }

  @Test
  void mayHaveNothingToPredict() {
    MntpCollator never =
        new MntpCollator(
            new MntpCollator.Options(1e-9, Collator.ALL_MASK, 0, false, 0),
            new MaskToken("_", 9, false, 10));
    assertArrayEquals(
        new int[] {-100, -100, -100},
        never.collate(List.of(row(1, 2, 3)), new TorchGenerator(1)).labels(0));
  }

  @Test
  void neverMasksSpecialTokensAndMasksTheConfiguredShare() {
    TokenRow sequence = row(IntStream.rangeClosed(1, 512).toArray());
    List<TokenRow> rows = IntStream.range(0, 100).mapToObj(i -> sequence).toList();
    MntpCollator collator =
        new MntpCollator(
            new MntpCollator.Options(0.2, Collator.DEFAULT, 0, false, 0),
            new MaskToken("_", 600, false, 601));
    MntpBatch batch = collator.collate(rows, new TorchGenerator(11));
    int selected = 0;
    int masked = 0;
    int kept = 0;
    for (int row = 0; row < batch.rows(); row++) {
      int[] ids = batch.ids(row);
      int[] labels = batch.labels(row);
      assertEquals(MntpBatch.IGNORED, labels[0]);
      for (int i = 1; i < ids.length; i++) {
        if (labels[i] == MntpBatch.IGNORED) {
          assertEquals(i + 1, ids[i]);
        } else {
          assertEquals(i + 1, labels[i]);
          selected++;
          masked += ids[i] == 600 ? 1 : 0;
          kept += ids[i] == labels[i] ? 1 : 0;
        }
      }
    }
    assertEquals(0.2, selected / 51_100.0, 0.01);
    assertEquals(0.8, (double) masked / selected, 0.02);
    assertEquals(0.1, (double) kept / selected, 0.02);
  }

  @Test
  void padsToALengthOnTheConfiguredSide() {
    MaskToken mask = new MaskToken("_", 9, false, 10);
    MntpCollator left =
        new MntpCollator(new MntpCollator.Options(1, Collator.ALL_MASK, 7, true, 4), mask);
    MntpBatch batch = left.collate(List.of(row(1, 2), row(1, 3, 4)), new TorchGenerator(1));
    assertArrayEquals(new int[] {7, 7, 1, 9, 7, 1, 9, 9}, batch.ids());
    assertArrayEquals(new int[] {0, 0, 1, 1, 0, 1, 1, 1}, attentionMask(batch));
    assertArrayEquals(new int[] {-100, -100, -100, 2, -100, -100, 3, 4}, batch.labels());
  }

  @Test
  void refusesMaskFilesThatContradictThemselves() throws IOException {
    List<String> broken =
        List.of(
            "{\"input_ids\":[]}",
            "{\"input_ids\":[[1,2]],\"attention_mask\":[[1,1]],\"labels\":[[1]]}",
            "{\"input_ids\":[[1,2,3]],\"attention_mask\":[[1,0,1]],\"labels\":[[1,1,1]]}",
            "{\"input_ids\":");
    for (String line : broken) {
      Path file = Files.writeString(folder.resolve("broken.jsonl"), GOLDEN + line + "\n");
      IOException e = assertThrows(IOException.class, () -> new MaskFileDataLoader(file));
      assertTrue(e.getMessage().startsWith(file + ":2: "), e.getMessage());
    }
  }

  @Test
  void keepsSpecialTokensThroughBytes() {
    TokenRow row = row(5, 128_255, 7);
    TokenRow again = TokenRow.ofBytes(row.toBytes());
    assertEquals(128_255, again.id(1));
    assertTrue(again.isSpecial(0) && !again.isSpecial(2));
    assertEquals(3, again.length());
    assertTrue(Arrays.equals(row.toBytes(), again.toBytes()));
  }

  /** 1 for tokens and 0 for padding, (B, S). */
  static int[] attentionMask(MntpBatch batch) {
    int[] mask = new int[batch.rows() * batch.columns()];
    for (int row = 0; row < batch.rows(); row++) {
      int from = row * batch.columns() + batch.starts()[row];
      Arrays.fill(mask, from, from + batch.length(row), 1);
    }
    return mask;
  }
}
