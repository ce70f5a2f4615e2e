/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.log.MetricsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that end at any update, or while they save, and go on. */
class InterruptedRunTest {

  private static final String[] OPTIONS = {
    "--max_steps",
    "23",
    "--save_steps",
    "4",
    "--logging_steps",
    "3",
    "--gradient_accumulation_steps",
    "3",
    "--lr_scheduler_type",
    "cosine",
    "--resume_from_checkpoint",
    "false"
  };

  @TempDir Path folder;

  /** The end of the process, as far as the loop can see it. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private FakeRun run(String name) throws IOException {
    return new FakeRun(Files.createDirectories(folder.resolve(name)), 7)
        .empty(batch -> batch % 100 == 2);
  }

  private static TrainerCallback killer(long step) {
    return new TrainerCallback() {
      @Override
      public void updated(TrainerCallback.Step report) {
        if (report.step() == step) {
          throw new Killed();
        }
      }
    };
  }

  @Test
  void endsWithTheSameWeightsHoweverOftenItIsKilled() throws IOException {
    FakeRun whole = run("whole");
    whole.go(OPTIONS);
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    int kills = 0;
    for (int trial = 0; trial < 10; trial++) {
      String name = "killed-" + trial;
      for (int kill = 0; kill < 4; kill++) {
        long step = 1L + random.nextInt(23);
        FakeRun killed = run(name).listener(killer(step));
        try {
          killed.go(options(killed));
        } catch (Killed expected) {
          kills++;
        }
      }
      FakeRun last = run(name);
      last.go(options(last));
      assertArrayEquals(whole.model().values(), last.model().values(), "seed " + seed);
      assertEquals(losses(whole), losses(last), "seed " + seed);
    }
    assertTrue(kills > 0);
  }

  /** A run killed before its first checkpoint has to begin anew. */
  private static String[] options(FakeRun run) throws IOException {
    boolean resumes = Files.isDirectory(run.output().resolve("checkpoint-4"));
    String[] options = Arrays.copyOf(OPTIONS, OPTIONS.length + 1);
    options[OPTIONS.length] = resumes ? "--no_overwrite_output_dir" : "--overwrite_output_dir";
    return options;
  }

  private static List<String> losses(FakeRun run) throws IOException {
    return MetricsFile.read(run.output().resolve("metrics.jsonl")).stream()
        .filter(metric -> metric.values().containsKey("loss"))
        .map(metric -> metric.step() + " " + metric.values().get("loss"))
        .toList();
  }

  @Test
  void aFullDiskLeavesTheEarlierCheckpoint() throws IOException {
    FakeRun full =
        run("full")
            .auxiliary(
                target -> {
                  if (target.toString().contains("checkpoint-8")) {
                    Files.writeString(target.resolve("tokenizer.json"), "half of it");
                    throw new IOException("No space left on device");
                  }
                });
    IOException failure = assertThrows(IOException.class, () -> full.go(OPTIONS));
    assertTrue(failure.getMessage().contains("No space left on device"), failure.getMessage());
    assertTrue(failure.getMessage().contains("checkpoint-4 is still there"), failure.getMessage());
    try (Stream<Path> files = Files.list(full.output())) {
      assertEquals(
          List.of("checkpoint-4"),
          files
              .map(file -> file.getFileName().toString())
              .filter(n -> n.contains("check"))
              .toList());
    }
    FakeRun again = run("full");
    again.go(OPTIONS);
    FakeRun whole = run("whole");
    whole.go(OPTIONS);
    assertArrayEquals(whole.model().values(), again.model().values());
  }

  @Test
  void aKillWhileSavingLeavesTheEarlierCheckpoint() throws IOException {
    FakeRun killed =
        run("killed")
            .auxiliary(
                target -> {
                  if (target.toString().contains("checkpoint-12")) {
                    throw new Killed();
                  }
                });
    assertThrows(Killed.class, () -> killed.go(OPTIONS));
    // What a dead process leaves is not cleaned up by it.
    Path half = killed.output().resolve(".checkpoint-12.new");
    Files.createDirectories(half);
    Files.writeString(half.resolve("optimizer.safetensors"), "half of it");
    FakeRun again = run("killed");
    again.go(OPTIONS);
    assertTrue(Files.notExists(half));
    FakeRun whole = run("whole");
    whole.go(OPTIONS);
    assertArrayEquals(whole.model().values(), again.model().values());
  }
}
