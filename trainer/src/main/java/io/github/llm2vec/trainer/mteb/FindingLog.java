/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.mteb.MtebEvaluation.EvaluationListener;
import io.github.llm2vec.trainer.mteb.task.Finding;
import io.github.llm2vec.trainer.mteb.task.Findings;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Writes the findings of a task to a file and passes them to the listener. */
final class FindingLog implements AutoCloseable {

  private final AtomicFile file;
  private final BufferedWriter out;
  private final Findings findings;

  FindingLog(Path path, EvaluationTask task, EvaluationListener listener, boolean strict)
      throws IOException {
    this.file = new AtomicFile(path);
    this.out = file.open();
    this.findings =
        strict
            ? Findings.strict()
            : Findings.lenient(
                finding -> {
                  write(finding);
                  listener.finding(task, finding);
                });
  }

  private void write(Finding finding) {
    try {
      out.write(finding.toString().replaceAll("\\R", " ") + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Findings findings() {
    return findings;
  }

  void finish() throws IOException {
    out.close();
    file.publish();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
