/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.mini;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.mini.tokenizer.TokenizerOptions;
import io.github.llm2vec.mini.tokenizer.TokenizerTrainer;
import io.github.llm2vec.mini.tokenizer.TrainedTokenizer;
import io.github.llm2vec.trainer.config.DataAccess;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.TextFiles;
import io.github.llm2vec.trainer.data.TextStyle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code llm2vec tokenizer}: learns a tokenizer for a model that is made from nothing. */
@Command(
    name = "tokenizer",
    description = {
      "Learns a byte-level BPE tokenizer from texts and writes it as Hugging Face's files.",
      "The same texts and options give the same files."
    },
    footer = {"  llm2vec tokenizer --vocab-size 10000 --lowercase --output my-tokenizer text.txt"})
public final class TokenizerCommand implements Callable<Integer> {

  private static final int PROGRESS_STEP = 1000;

  private final Console console;

  @Option(
      names = "--vocab-size",
      required = true,
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Number of tokens, the five special ones included.")
  private int vocabularySize;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Folder to write; a tokenizer in it is replaced.")
  private Path output;

  @Option(
      names = "--lowercase",
      description = "Put every text into lower case, for a small vocabulary.")
  private boolean lowercase;

  @Option(
      names = "--min-frequency",
      paramLabel = "N",
      defaultValue = "2",
      converter = ModelOptions.Positive.class,
      description = "How often a pair must occur to become a token (default: 2).")
  private int leastCount;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "512",
      converter = ModelOptions.Positive.class,
      description = "Longest sequence of the model in tokens (default: 512).")
  private int maxLength;

  @Parameters(
      arity = "1..*",
      paramLabel = "TEXT",
      description = "Files with a text per line, or .jsonl, .csv, .tsv, .parquet; also gzipped.")
  private List<Path> texts;

  public TokenizerCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    TokenizerTrainer trainer =
        new TokenizerTrainer(
            new TokenizerOptions(vocabularySize, lowercase, leastCount, maxLength));
    read(trainer);
    TrainedTokenizer tokenizer = learn(trainer);
    tokenizer.write(output);
    if (tokenizer.vocabularySize() < vocabularySize) {
      console.note("No more pairs are frequent enough; the texts are small for so many tokens.");
    }
    console.err().println("Wrote " + output + ", " + tokenizer.vocabularySize() + " tokens.");
    return ExitCode.OK;
  }

  private void read(TokenizerTrainer trainer) throws IOException {
    CorruptLines corrupt = new CorruptLines(DataAccess.CorruptLinePolicy.ERROR);
    try (RecordStream<String> stream = TextFiles.open(texts, TextStyle.LINE, corrupt);
        Progress progress = console.progress("Reading", "texts")) {
      List<String> some = stream.take(PROGRESS_STEP);
      while (!some.isEmpty()) {
        some.forEach(trainer::add);
        progress.advance(some.size());
        some = stream.take(PROGRESS_STEP);
      }
    }
  }

  private TrainedTokenizer learn(TokenizerTrainer trainer) throws IOException {
    try (Progress progress = console.progress("Merging", "tokens")) {
      progress.total(vocabularySize - TokenizerOptions.LEAST_VOCABULARY);
      return trainer.train(size -> progress.advance(1));
    } catch (IllegalStateException e) {
      throw new IOException(e.getMessage() + ": " + texts, e);
    }
  }
}
