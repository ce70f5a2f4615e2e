/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import io.github.llm2vec.cli.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The command {@code reembed}, each time in a process of its own, so that it can be killed. What it
 * prints goes to a file.
 */
final class ReembedJob {

  private final List<String> common;
  private final Path log;
  private volatile Optional<Process> running = Optional.empty();

  /**
   * Prepares the command.
   *
   * @param common arguments of every call
   * @param log gets what it prints
   */
  ReembedJob(List<String> common, Path log) {
    this.common = List.copyOf(common);
    this.log = log;
  }

  /** Runs it to its end; the exit code, which is 137 if it was killed. */
  int run(String... more) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(Jvm.command());
    // As bin/llm2vec does for what computes nothing itself.
    line.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", Main.class.getName(), "reembed"));
    line.addAll(common);
    line.addAll(List.of(more));
    Files.writeString(
        log,
        "$ reembed " + String.join(" ", common) + " " + String.join(" ", more) + "\n",
        StandardCharsets.UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    Process process =
        Jvm.process(line)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    running = Optional.of(process);
    try {
      return process.waitFor();
    } finally {
      running = Optional.empty();
      process.destroyForcibly();
    }
  }

  /** Kills it, if it runs. */
  boolean kill() {
    Optional<Process> process = running;
    process.ifPresent(Process::destroyForcibly);
    return process.isPresent();
  }
}
