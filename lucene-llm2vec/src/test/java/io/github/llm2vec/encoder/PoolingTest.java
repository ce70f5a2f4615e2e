/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class PoolingTest {

  private static final float EPSILON = 1e-7f;

  /** Six tokens, of which the last four are pooled; the row has two columns of padding. */
  private static final TokenizedText TEXT = new TokenizedText(new int[6], 4, 1);

  private static final TokenizedText NOTHING_POOLED = new TokenizedText(new int[6], 0, 0);

  @Test
  void meanWeighsTheLastTokensEqually() {
    assertArrayEquals(
        new float[] {0, 0, .25f, .25f, .25f, .25f}, row(Pooling.MEAN, TEXT, 6), EPSILON);
    assertArrayEquals(
        new float[] {0, 0, 0, 0, .25f, .25f, .25f, .25f}, row(Pooling.MEAN, TEXT, 8), EPSILON);
  }

  @Test
  void weightedMeanRisesFromOneToTheLength() {
    assertArrayEquals(
        new float[] {0, 0, .1f, .2f, .3f, .4f}, row(Pooling.WEIGHTED_MEAN, TEXT, 6), EPSILON);
  }

  @Test
  void lastAndEosTokenAreTheLastColumn() {
    float[] last = {0, 0, 0, 0, 0, 0, 0, 1};
    assertArrayEquals(last, row(Pooling.LAST_TOKEN, TEXT, 8), EPSILON);
    assertArrayEquals(last, row(Pooling.EOS_TOKEN, TEXT, 8), EPSILON);
  }

  @Test
  void bosTokenIsTheFirstBosOfTheRow() {
    assertArrayEquals(
        new float[] {0, 0, 0, 1, 0, 0, 0, 0}, row(Pooling.BOS_TOKEN, TEXT, 8), EPSILON);
    TokenizedText none = new TokenizedText(new int[3], 3, -1);
    Exception error =
        assertThrows(IllegalArgumentException.class, () -> Pooling.BOS_TOKEN.weights(none));
    assertTrue(error.getMessage().contains("choose another pooling"), error.getMessage());
  }

  @Test
  void meanOfNothingIsTheWholePaddedRow() {
    float[] eighths = {.125f, .125f, .125f, .125f, .125f, .125f, .125f, .125f};
    assertArrayEquals(eighths, row(Pooling.MEAN, NOTHING_POOLED, 8), EPSILON);
    assertThrows(IllegalArgumentException.class, () -> Pooling.MEAN.weights(NOTHING_POOLED));
  }

  @Test
  void weightedMeanOfNothingIsTheZeroVector() {
    assertEquals(0, Pooling.WEIGHTED_MEAN.weights(NOTHING_POOLED, 8).size());
  }

  @Test
  void theFirstOfNothingIsTheZeroVector() {
    assertEquals(0, Pooling.CLS.weights(NOTHING_POOLED, 8).size());
  }

  @Test
  void weightsSumToOneForLongTexts() {
    for (Pooling mode :
        EnumSet.complementOf(EnumSet.of(Pooling.MAX, Pooling.MEAN_SQRT_LEN_TOKENS))) {
      PoolingWeights weights = mode.weights(new TokenizedText(new int[32768], 32768, 0));
      double sum = 0;
      for (int i = 0; i < weights.size(); i++) {
        sum += weights.weight(i);
      }
      assertEquals(1, sum, 1e-5, mode.optionName());
    }
  }

  @Test
  void readsUpstreamsSpellings() {
    assertEquals(Pooling.WEIGHTED_MEAN, Pooling.of("weighted_mean"));
    Exception error = assertThrows(IllegalArgumentException.class, () -> Pooling.of("avg"));
    assertEquals(
        "pooling must be one of mean, weighted_mean, eos_token, last_token, bos_token, cls, max,"
            + " mean_sqrt_len_tokens, weightedmean, got 'avg'",
        error.getMessage());
  }

  @Test
  void everyModeIsDocumented() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "checkpoints.md"));
    for (Pooling mode : Pooling.values()) {
      assertTrue(page.contains("\n| `" + mode.optionName() + "` |"), mode.optionName());
    }
  }

  @Test
  void refusesRowsShorterThanTheText() {
    assertThrows(IllegalArgumentException.class, () -> Pooling.MEAN.weights(TEXT, 5));
  }

  private static float[] row(Pooling mode, TokenizedText text, int length) {
    PoolingWeights weights = mode.weights(text, length);
    float[] row = new float[length];
    for (int i = 0; i < weights.size(); i++) {
      row[weights.first() + i] = weights.weight(i);
    }
    return row;
  }
}
