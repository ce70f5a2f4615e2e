/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import io.github.llm2vec.cli.vector.VectorOutput;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Texts from a reader, through an encoder, to a sink, a window at a time: memory is bounded
 * whatever the size of the input.
 */
public final class EncodeJob {

  private final TextReader reader;
  private final TextEncoder encoder;
  private final Prompt prompt;
  private final VectorOutput.Sink sink;
  private final AdaptiveWindow windows = new AdaptiveWindow();
  private long done;

  public EncodeJob(TextReader reader, TextEncoder encoder, Prompt prompt, VectorOutput.Sink sink) {
    this.reader = reader;
    this.encoder = encoder;
    this.prompt = prompt;
    this.sink = sink;
  }

  /** Texts that are in the output, those of an earlier run included. */
  public long done() {
    return done;
  }

  /**
   * Skips the texts that an earlier run has encoded.
   *
   * @return how many there were
   * @throws CliException if the input is not the one of that run
   */
  long skipEarlier() throws IOException {
    for (Optional<String> id = sink.nextEarlierId(); id.isPresent(); id = sink.nextEarlierId()) {
      Optional<TextRecord> text = reader.next();
      String found = text.map(TextRecord::id).orElse("the end of the input");
      if (!id.get().equals(found)) {
        throw new CliException(
            ("cannot resume: row %s of the partial output is '%s', the input has '%s'"
                    + " there; the input has changed, use --overwrite to start again")
                .formatted(done + 1, id.get(), found));
      }
      done++;
    }
    return done;
  }

  /**
   * Encodes what is left.
   *
   * @param texts of the whole input, if they are known; they are estimated else
   * @return whether all is done; false if it was asked to stop
   */
  public boolean run(Progress progress, OptionalLong texts, InterruptHandler stop)
      throws IOException {
    texts.ifPresent(progress::total);
    while (!stop.requested()) {
      List<TextRecord> window = windows.next(reader);
      if (window.isEmpty()) {
        progress.total(done);
        return true;
      }
      long started = System.nanoTime();
      float[][] vectors = encoder.encode(window.stream().map(TextRecord::content).toList(), prompt);
      windows.took(window.size(), System.nanoTime() - started);
      List<String> ids = window.stream().map(TextRecord::id).toList();
      check(ids, vectors);
      sink.write(ids, vectors);
      done += window.size();
      if (texts.isEmpty()) {
        reader
            .fraction()
            .ifPresent(part -> progress.total(Math.max(done, Math.round(done / part))));
      }
      progress.advance(window.size());
    }
    return false;
  }

  /** A vector that is not a number would be found only much later, in an index. */
  private void check(List<String> ids, float[][] vectors) {
    if (vectors.length != ids.size()) {
      throw new IllegalStateException(
          "encoder gave %s vectors for %s texts; this is a bug"
              .formatted(vectors.length, ids.size()));
    }
    for (int i = 0; i < vectors.length; i++) {
      for (float value : vectors[i]) {
        if (!Float.isFinite(value)) {
          throw new CliException(
              "the model gives " + value + " for text '" + ids.get(i) + "'; try --dtype float32");
        }
      }
    }
  }
}
