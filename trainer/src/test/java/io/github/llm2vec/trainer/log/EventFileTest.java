/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {

  /**
   * Written by TensorFlow's record writer and TensorBoard's protocol buffers (tensorboard 2.17.1):
   * the version, and a loss of 0.5 after update 300, at 1,700,000,000.25 seconds.
   */
  private static final String EXPECTED =
      "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9200000"
          + "000000000029eda9500900001040fc54d94110ac022a120a100a096576616c2f6c6f7373150000003f579a"
          + "b586";

  @TempDir Path folder;

  @Test
  void writesTheBytesOfTensorBoard() throws IOException {
    Clock clock = Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);
    EventFile file = new EventFile(folder, 0, clock);
    file.write(new MetricRecord(300, 1, Map.of("eval_loss", 0.5)));
    assertEquals(EXPECTED, HexFormat.of().formatHex(Files.readAllBytes(file.path())));
  }
}
