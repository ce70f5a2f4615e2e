/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.cli.encode.EncodeJob;
import io.github.llm2vec.cli.model.HashEncoder;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.cli.vector.StreamSink;
import io.github.llm2vec.encoder.Prompt;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class InterruptHandlerTest {

  @Test
  void endsAJobBetweenTwoWindows() throws IOException {
    PrintStream out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    byte[] input = "a line\n".repeat(100_000).getBytes(StandardCharsets.UTF_8);
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        Progress progress = Progress.start(out, false, "Encoding", "texts", 0);
        TextReader reader = TextReader.of(new ByteArrayInputStream(input), "test", TextFormat.TXT);
        HashEncoder encoder = new HashEncoder(2);
        StreamSink sink = new StreamSink(out)) {
      EncodeJob job = new EncodeJob(reader, encoder, Prompt.document(), sink);
      assertFalse(stop.requested());
      stop.request();
      assertFalse(job.run(progress, OptionalLong.empty(), stop));
      assertTrue(stop.requested());
      assertEquals(0, job.done());
    }
  }
}
