/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds the files of a dataset that a configuration names as on the Hugging Face hub: in a folder
 * of datasets that the user names, then in the hub's local cache. Nothing is downloaded.
 *
 * @param datasetDir the folder of datasets, {@code dataset_dir}
 * @param hubCache the hub's cache, such as {@code ~/.cache/huggingface/hub}
 */
public record DatasetFolders(Optional<Path> datasetDir, Path hubCache) {

  /** Datasets that moved into the folder of an owner. */
  private static final Map<String, String> OWNED =
      Map.of("wikitext", "Salesforce/wikitext", "conll2003", "eriktks/conll2003");

  /** What a name of a file may end with, in the order of preference. */
  private static final List<String> ENDINGS =
      List.of(
          "parquet",
          "jsonl",
          "jsonl.gz",
          "json",
          "json.gz",
          "csv",
          "csv.gz",
          "tsv",
          "tsv.gz",
          "conllu",
          "conllu.gz",
          "conll",
          "conll.gz",
          "raw",
          "raw.gz",
          "tokens",
          "tokens.gz",
          "txt",
          "txt.gz");

  /**
   * Files of a dataset.
   *
   * @param files in the order of their names, at least one
   * @param style how lines are understood if they are plain text
   */
  public record Found(List<Path> files, TextStyle style) {

    /** Copies the list. */
    public Found {
      files = List.copyOf(files);
    }
  }

  /**
   * Finds a part of a dataset.
   *
   * @param name its name, such as {@code wikitext}
   * @param config its configuration, such as {@code wikitext-103-raw-v1}
   * @return empty if the dataset is there without this part
   * @throws NoSuchFileException if the dataset is not there; the message says where it was looked
   *     for and what is expected
   */
  public Optional<Found> find(String name, Optional<String> config, Split split)
      throws IOException {
    Optional<Found> found = look(name, config, split);
    if (found.isPresent()) {
      return found;
    }
    for (Split other : Split.values()) {
      if (look(name, config, other).isPresent()) {
        return Optional.empty();
      }
    }
    throw missing(name, config, split);
  }

  private Optional<Found> look(String name, Optional<String> config, Split split)
      throws IOException {
    for (Path folder : folders(name, config)) {
      for (Path inside : List.of(folder, folder.resolve("data"), folder.resolve(split.hubName()))) {
        List<Path> files = filesOf(inside, split, inside.endsWith(split.hubName()));
        if (!files.isEmpty()) {
          boolean wikitext = name.replaceFirst("^.*/", "").equals("wikitext");
          return Optional.of(new Found(files, wikitext ? TextStyle.WIKITEXT : TextStyle.LINE));
        }
      }
    }
    return Optional.empty();
  }

  /** Where the dataset may be, the nearest first. */
  private List<Path> folders(String name, Optional<String> config) throws IOException {
    Set<Path> folders = new LinkedHashSet<>();
    String bare = name.substring(name.lastIndexOf('/') + 1);
    for (String known : new LinkedHashSet<>(List.of(name, bare))) {
      datasetDir.ifPresent(
          root -> {
            config.ifPresent(c -> folders.add(root.resolve(known).resolve(c)));
            folders.add(root.resolve(known));
          });
    }
    datasetDir.ifPresent(
        root -> {
          config.ifPresent(c -> folders.add(root.resolve(c)));
          // The folder of the dataset itself.
          if (root.endsWith(bare) || (config.isPresent() && root.endsWith(config.get()))) {
            folders.add(root);
          }
        });
    for (String known : new LinkedHashSet<>(List.of(name, OWNED.getOrDefault(name, name)))) {
      Optional<Path> snapshot = snapshot(known);
      if (snapshot.isPresent()) {
        config.ifPresent(c -> folders.add(snapshot.get().resolve(c)));
        // Without a configuration there is just one, often in a folder of the dataset's name.
        if (config.isEmpty()) {
          folders.add(snapshot.get());
          folders.add(snapshot.get().resolve(bare));
        }
      }
    }
    return List.copyOf(folders);
  }

  private Optional<Path> snapshot(String name) throws IOException {
    Path repository = hubCache.resolve("datasets--" + name.replace("/", "--"));
    // What the hub converted to Parquet is a branch of its own.
    for (String ref : List.of("main", "refs/convert/parquet")) {
      Path file = repository.resolve("refs").resolve(ref);
      if (Files.isRegularFile(file)) {
        String commit = Files.readString(file, StandardCharsets.UTF_8).strip();
        Path snapshot = repository.resolve("snapshots").resolve(commit);
        if (Files.isDirectory(snapshot)) {
          return Optional.of(snapshot);
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The files of a part in a folder, all of one format: {@code train.txt}, {@code
   * train-00000-of-00002.parquet}, {@code wiki.train.raw}, {@code eng.train}, {@code
   * en_ewt-ud-train.conllu.gz}; in a folder of the part's name any file of data.
   */
  private static List<Path> filesOf(Path folder, Split split, boolean whole) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Path> all;
    try (Stream<Path> found = Files.list(folder)) {
      all = found.filter(Files::isRegularFile).sorted().toList();
    }
    for (String ending : ENDINGS) {
      Pattern pattern =
          Pattern.compile(
              whole
                  ? ".*\\." + Pattern.quote(ending)
                  : "(.*[._-])?(?:" + split.names() + ")([-_].*)?\\." + Pattern.quote(ending));
      List<Path> files = matching(all, pattern);
      if (!files.isEmpty()) {
        return files;
      }
    }
    return matching(all, Pattern.compile("eng\\.(?:" + split.names() + ")"));
  }

  private static List<Path> matching(List<Path> files, Pattern pattern) {
    return files.stream()
        .filter(file -> pattern.matcher(file.getFileName().toString()).matches())
        .toList();
  }

  private NoSuchFileException missing(String name, Optional<String> config, Split split)
      throws IOException {
    String dataset = name + config.map(c -> " (" + c + ")").orElse("");
    List<String> looked = new ArrayList<>();
    folders(name, config).forEach(folder -> looked.add(folder.toString()));
    looked.add(
        hubCache.resolve("datasets--" + OWNED.getOrDefault(name, name).replace("/", "--"))
            + " (the local hub cache)");
    Path expected = datasetDir.orElse(Path.of("DIR")).resolve(name).resolve(config.orElse(""));
    return new NoSuchFileException(
        dataset,
        null,
        ("the %s part of the dataset is not on this machine, and nothing is downloaded."
                + " Looked in: %s. Expected for example %s, %s or %s; say where datasets are by"
                + " --dataset_dir DIR, or name the files themselves by --train_file and"
                + " --validation_file instead of dataset_name. What the datasets library keeps as"
                + " Arrow files is not read; save it with to_parquet")
            .formatted(
                split.hubName(),
                looked.stream().collect(Collectors.joining(", ")),
                expected.resolve(split.hubName() + "-00000-of-00001.parquet"),
                expected.resolve(split.hubName() + ".jsonl"),
                expected.resolve(split.hubName() + ".txt")));
  }

  /** A part of a dataset. */
  public enum Split {
    /** What is trained on. */
    TRAIN("train", "train"),
    /** What is measured while training. */
    VALIDATION("validation", "validation|valid|dev|val|testa"),
    /** What is measured in the end. */
    TEST("test", "test|testb");

    private final String hubName;
    private final String names;

    Split(String hubName, String names) {
      this.hubName = hubName;
      this.names = names;
    }

    /** The name on the hub. */
    public String hubName() {
      return hubName;
    }

    /** Names by which files of this part are known, as alternatives of a regular expression. */
    String names() {
      return names;
    }
  }
}
