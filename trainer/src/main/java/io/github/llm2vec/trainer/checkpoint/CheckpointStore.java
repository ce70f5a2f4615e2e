/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;

/**
 * The checkpoints of a run: folders {@code checkpoint-STEP} of its output folder. A checkpoint is
 * written under another name, brought onto the disk and then renamed, so that whatever has that
 * name is complete, and neither a full disk nor the end of the process harms an earlier one.
 *
 * @param folder where the checkpoints are; it need not exist yet
 */
public record CheckpointStore(Path folder) {

  /** Writes files into a folder that exists. */
  @FunctionalInterface
  public interface Writer {
    void write(Path folder) throws IOException;
  }

  private static final String PREFIX = "checkpoint-";
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})");
  private static final Pattern LEFT_OVER = Pattern.compile("\\.checkpoint-\\d{1,18}\\.(new|old)");

  /** Where the checkpoint of an update is or would be. */
  public Path path(long step) {
    return folder.resolve(PREFIX + step);
  }

  /** All checkpoints by their updates, oldest first. */
  public SortedMap<Long, Path> all() throws IOException {
    SortedMap<Long, Path> found = new TreeMap<>();
    for (Path path : list()) {
      Matcher matcher = NAME.matcher(path.getFileName().toString());
      if (matcher.matches() && Files.isDirectory(path)) {
        found.put(Long.parseLong(matcher.group(1)), path);
      }
    }
    return found;
  }

  /** The checkpoint of the last update. */
  public Optional<Path> newest() throws IOException {
    SortedMap<Long, Path> all = all();
    return all.values().stream().reduce((earlier, later) -> later);
  }

  /**
   * Writes a checkpoint, in place of one of that update if there is one.
   *
   * @param writer writes what is in it
   * @return its folder
   * @throws IOException if it cannot be written; the folder is then as before, and the message says
   *     which checkpoint is the last
   */
  public Path save(long step, Writer writer) throws IOException {
    Path target = path(step);
    Path fresh = folder.resolve("." + PREFIX + step + ".new");
    try {
      Files.createDirectories(folder);
      IOUtils.rm(fresh);
      Files.createDirectory(fresh);
      writer.write(fresh);
      sync(fresh);
      replace(fresh, target, folder.resolve("." + PREFIX + step + ".old"));
      return target;
    } catch (IOException e) {
      throw new IOException(
          "%s cannot be written: %s; %s"
              .formatted(
                  target,
                  e.getMessage(),
                  newest()
                      .map(last -> last + " is still there to resume from")
                      .orElse("there is no earlier checkpoint")),
          e);
    } finally {
      IOUtils.rm(fresh);
    }
  }

  private void replace(Path fresh, Path target, Path old) throws IOException {
    IOUtils.rm(old);
    if (Files.exists(target)) {
      // A folder that is not empty cannot be renamed over.
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    IOUtils.fsync(folder, true);
    IOUtils.rm(old);
  }

  /**
   * Deletes the oldest checkpoints that are too many, as {@code save_total_limit} of transformers
   * does: the best and the last stay.
   *
   * @param best the best checkpoint, if that is known
   */
  public void rotate(OptionalInt limit, Optional<Path> best) throws IOException {
    if (limit.isEmpty()) {
      return;
    }
    List<Path> others = new ArrayList<>(all().values());
    int kept = Math.max(1, limit.getAsInt());
    if (others.size() <= kept) {
      return;
    }
    Path last = others.remove(others.size() - 1);
    boolean keepsBest = best.isPresent() && !best.get().equals(last) && others.remove(best.get());
    int left = Math.max(0, kept - 1 - (keepsBest ? 1 : 0));
    for (Path path : others.subList(0, others.size() - Math.min(left, others.size()))) {
      IOUtils.rm(path);
    }
  }

  /** Deletes what ended processes left half written. */
  public void tidy() throws IOException {
    for (Path path : list()) {
      Matcher matcher = LEFT_OVER.matcher(path.getFileName().toString());
      if (!matcher.matches()) {
        continue;
      }
      Path target =
          folder.resolve(path.getFileName().toString().replaceAll("^\\.|\\.(new|old)$", ""));
      if (matcher.group(1).equals("old") && !Files.exists(target)) {
        // The process ended between the two renames of a replacement.
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
      } else {
        IOUtils.rm(path);
      }
    }
  }

  /** Deletes all checkpoints, for a run that starts anew. */
  public void clear() throws IOException {
    tidy();
    for (Path path : all().values()) {
      IOUtils.rm(path);
    }
  }

  private List<Path> list() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(folder)) {
      return found.sorted().toList();
    }
  }

  /** Flushes every file of a folder, and the folder itself, to the disk. */
  private static void sync(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      IOUtils.fsync(file, false);
    }
    IOUtils.fsync(folder, true);
  }
}
