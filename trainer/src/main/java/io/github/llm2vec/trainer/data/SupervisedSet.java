/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.github.llm2vec.trainer.config.SupervisedConfig.Instructions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The dataset of supervised contrastive training: examples of one or several datasets, in batches
 * of one dataset each. Thread-safe. Owns the files.
 */
public final class SupervisedSet implements Closeable {

  private final List<ExampleFile> datasets;
  private final boolean e5;
  private final Options options;
  private final Optional<Sampler> fixedOrder;

  /**
   * How examples are made.
   *
   * @param cache the folder for what is remembered about files
   * @param batchSize examples of a batch
   * @param seed seed of the order
   * @param instructions how instructions are put before texts
   */
  public record Options(Path cache, int batchSize, long seed, Instructions instructions) {}

  private SupervisedSet(List<ExampleFile> datasets, boolean e5, Options options)
      throws DataFormatException {
    this.datasets = List.copyOf(datasets);
    this.e5 = e5;
    this.options = options;
    requireAlike(datasets, e5);
    this.fixedOrder =
        e5
            ? Optional.of(
                Sampler.E5.of(
                    datasets.stream().map(file -> Math.toIntExact(file.size())).toList(),
                    options.batchSize(),
                    options.seed()))
            : Optional.empty();
    if (order(0).size() == 0) {
      throw new DataFormatException(
          datasets.get(0).file().toString(),
          1,
          "no dataset has the " + options.batchSize() + " examples of one batch");
    }
  }

  /**
   * Opens the E5 collection: a folder with {@code NAME.jsonl} for each of its datasets.
   *
   * @throws NoSuchFileException if one is missing; the message names them all
   */
  public static SupervisedSet openE5(Path folder, Options options, CorruptLines corrupt)
      throws IOException {
    List<Path> files =
        E5Instructions.datasets().stream().map(name -> folder.resolve(name + ".jsonl")).toList();
    List<Path> missing = files.stream().filter(file -> !Files.isRegularFile(file)).toList();
    if (!missing.isEmpty()) {
      throw new NoSuchFileException(
          folder.toString(),
          null,
          "the E5 collection is a folder with a file of JSON lines for each of %s; there is no %s"
                  .formatted(E5Instructions.datasets(), missing.get(0).getFileName())
              + (missing.size() > 1 ? " and " + (missing.size() - 1) + " others" : "")
              + ". For other data set dataset_name to jsonl");
    }
    return open(files, true, options, corrupt);
  }

  /**
   * Opens plain data: a file of JSON lines or Parquet, or a folder of such files, each of which is
   * a dataset of its own.
   */
  public static SupervisedSet openPlain(Path path, Options options, CorruptLines corrupt)
      throws IOException {
    return open(ExampleFile.find(path), false, options, corrupt);
  }

  private static SupervisedSet open(
      List<Path> files, boolean e5, Options options, CorruptLines corrupt) throws IOException {
    List<ExampleFile> datasets = new ArrayList<>();
    try {
      for (Path file : files) {
        datasets.add(ExampleFile.open(file, options.cache(), corrupt));
      }
      return new SupervisedSet(datasets, e5, options);
    } catch (IOException | RuntimeException e) {
      for (ExampleFile dataset : datasets) {
        dataset.close();
      }
      throw e;
    }
  }

  private static void requireAlike(List<ExampleFile> datasets, boolean e5)
      throws DataFormatException {
    List<ExampleFile> filled = datasets.stream().filter(file -> file.size() > 0).toList();
    boolean first = filled.stream().findFirst().flatMap(ExampleFile::hasNegatives).orElse(false);
    for (ExampleFile dataset : filled) {
      if (dataset.hasNegatives().orElse(first) != first) {
        throw new DataFormatException(
            dataset.file().toString(),
            1,
            "either all datasets of a run have negatives or none; %s is not like this one"
                .formatted(filled.get(0).file()));
      }
    }
    if (e5 && !first && !filled.isEmpty()) {
      throw new DataFormatException(
          filled.get(0).file().toString(), 1, "the E5 collection has a \"negative\" in every line");
    }
  }

  /** The order of the examples of an epoch; the same every time for the E5 collection. */
  public Sampler order(long epoch) {
    return fixedOrder.orElseGet(
        () ->
            new Sampler.Chunked(
                datasets.stream().map(ExampleFile::size).toList(),
                options.batchSize(),
                options.seed() + epoch));
  }

  /**
   * Reads an example.
   *
   * @param id its number, from {@link #order}
   * @param epoch the epoch; where a query has several positives or negatives, each epoch takes
   *     others
   */
  public Example example(long id, long epoch) throws IOException {
    int dataset = 0;
    long line = id;
    while (line >= datasets.get(dataset).size()) {
      line -= datasets.get(dataset).size();
      dataset++;
    }
    ExampleLine example = datasets.get(dataset).read(line);
    SplittableRandom random = new SplittableRandom(options.seed() ^ (epoch << 40) ^ id);
    String instruction = instruction(datasets.get(dataset).name(), line, example);
    boolean onDocuments =
        options.instructions().onSymmetricDocuments() && E5Instructions.isSymmetric(instruction);
    String before = instruction.isEmpty() ? "" : instruction + options.instructions().separator();
    return new Example(
        new PromptedText(before, example.query()),
        new PromptedText(onDocuments ? before : "", one(example.positives(), random)),
        example.negatives().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new PromptedText(onDocuments ? before : "", one(example.negatives(), random))));
  }

  private String instruction(String dataset, long line, ExampleLine example) {
    if (e5) {
      return E5Instructions.of(dataset, line);
    }
    return example.prompt().or(options.instructions()::ofPlainData).orElse("");
  }

  private static String one(List<String> texts, SplittableRandom random) {
    return texts.size() == 1 ? texts.get(0) : texts.get(random.nextInt(texts.size()));
  }

  @Override
  public void close() throws IOException {
    for (ExampleFile dataset : datasets) {
      dataset.close();
    }
  }

  /**
   * What a contrastive loss is computed on.
   *
   * @param query what is searched with
   * @param positive what belongs to it
   * @param negative what looks like it and does not belong to it; absent in all examples of a run
   *     or in none
   */
  public record Example(
      PromptedText query, PromptedText positive, Optional<PromptedText> negative) {}

  /**
   * A text with what comes before it and is not pooled.
   *
   * @param before such as an instruction with its joining characters, or ""
   * @param text what is pooled
   */
  public record PromptedText(String before, String text) {

    /** Rejects null. */
    public PromptedText {
      Objects.requireNonNull(before, "before");
      Objects.requireNonNull(text, "text");
    }
  }
}
