/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.EncoderOpener;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.search.CorpusSearcher.Searching;
import io.github.llm2vec.cli.search.SearchOptions.SearchMode;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.lucene.SimdSupport;
import io.github.llm2vec.lucene.TextVectorField;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.lucene.VectorQuantization;
import io.github.llm2vec.lucene.WideVectorsFormat;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code llm2vec search}: a collection becomes a Lucene index, then queries are answered. */
@Command(
    name = "search",
    description = "Indexes a collection with Lucene and answers queries, typed or from a file.",
    footer = {
      "  llm2vec search --model ./my-model --corpus corpus.jsonl --index ./my-index",
      "  llm2vec search --model ./my-model --index ./my-index --mode hybrid \\",
      "      --fusion minmax --vector-weight 0.25",
      "  llm2vec search --model ./my-model --corpus books.jsonl --index ./my-books --passages",
      "  llm2vec search --model ./my-model --index ./my-index --queries queries.jsonl \\",
      "      --top-k 100 --output run.trec",
      "",
      "The collection is in BEIR's layout, {\"_id\":\"1\",\"title\":\"...\",\"text\":\"...\"} per line, or",
      "as for encode. Documents that the index has already are not encoded again, so an",
      "interrupted run goes on when the command is repeated. A run file has the six columns of",
      "trec_eval: query, Q0, document, rank, score, name of the run."
    })
public final class SearchCommand implements Callable<Integer> {

  private static final int CPU_BATCH_TEXTS = 64;
  private static final int GPU_BATCH_TEXTS = 1024;

  private final Console console;
  private final EncoderOpener opener;

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions model;

  @Option(
      names = "--corpus",
      paramLabel = "FILE",
      description = "Collection to index: .jsonl or .txt, also gzipped.")
  private Optional<Path> corpus = Optional.empty();

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "Folder of the index; without it, one that is deleted at the end.")
  private Optional<Path> index = Optional.empty();

  @Option(
      names = "--queries",
      paramLabel = "FILE",
      description = "Queries, as --corpus; without it they are read from standard input.")
  private Optional<Path> queries = Optional.empty();

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Write the hits for --queries to a run file instead of printing them.")
  private Optional<Path> output = Optional.empty();

  @Mixin private SearchOptions search;

  @Option(
      names = "--quantization",
      paramLabel = "KIND",
      defaultValue = "float32",
      description = "How new vectors are kept: float32 (default), int8 or int4.")
  private VectorQuantization quantization;

  @Mixin private PassageOptions passages;

  @Option(
      names = "--instruction",
      paramLabel = "TEXT",
      description = "Task sentence put before every query.")
  private Optional<String> instruction = Optional.empty();

  @Option(
      names = "--doc-instruction",
      paramLabel = "TEXT",
      description = "Sentence put before every document; most models want none.")
  private Optional<String> docInstruction = Optional.empty();

  public SearchCommand(Console console, EncoderOpener opener) {
    this.console = console;
    this.opener = opener;
  }

  @Override
  public Integer call() throws IOException {
    checkUsage();
    Searching searching = search.searching();
    console.err().println(SimdSupport.detect().summary() + ".");
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        TextEncoder encoder = opener.open(model);
        IndexFolder folder = index.map(IndexFolder::kept).orElseGet(IndexFolder::temporary)) {
      stop.whenEnded(folder::delete);
      PrefetchingEncoder prefetching = new PrefetchingEncoder(encoder);
      Prompt queryPrompt = Prompt.query(instruction.orElse(""));
      TextVectorField field =
          TextVectorField.normalized(CorpusIndex.VECTOR, prefetching)
              .withPrompts(Prompt.document(docInstruction.orElse("")), queryPrompt);
      try (CorpusIndex lucene =
          new CorpusIndex(
              folder.path(), field, docInstruction.orElse(""), passages.splitter(encoder))) {
        if (corpus.isPresent() && !add(lucene, corpus.get(), stop)) {
          return ExitCode.SOFTWARE;
        }
        try (CorpusSearcher searcher = lucene.searcher()) {
          console.note("%,d documents.", searcher.documents());
          QueryLoop loop =
              new QueryLoop(
                  console,
                  query -> searcher.search(query, searching),
                  texts -> prefetching.prefetch(texts, queryPrompt),
                  stop);
          return answer(loop, searching.mode());
        }
      }
    }
  }

  private void checkUsage() {
    model.required(spec);
    if (corpus.isEmpty() && index.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "nothing to search: give --corpus, --index or both");
    }
    if (output.isPresent() && queries.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--output needs --queries");
    }
    search.check(spec, passages.wanted());
    passages.check(spec);
    try {
      WideVectorsFormat.of(format());
    } catch (UnsupportedOperationException e) {
      throw new ParameterException(spec.commandLine(), "--quantization: " + e.getMessage(), e);
    }
  }

  private VectorFormatOptions format() {
    return VectorFormatOptions.DEFAULTS.withQuantization(quantization);
  }

  private boolean add(CorpusIndex lucene, Path file, InterruptHandler stop) throws IOException {
    boolean gpu = model.settings().device().type() != TorchDevice.Type.CPU;
    CorpusIndex.Result result;
    try (TextReader reader = TextReader.open(file, TextFormat.AUTO);
        Progress progress = console.progress("Indexing", "documents")) {
      IndexingDisplay display = new IndexingDisplay(progress, reader);
      result =
          lucene.add(
              reader,
              format(),
              gpu ? GPU_BATCH_TEXTS : CPU_BATCH_TEXTS,
              display::progressed,
              stop::requested);
    }
    report(result);
    if (stop.requested()) {
      console.note(
          "llm2vec: stopped after %,d documents%s",
          result.written() + result.skipped(),
          index.isPresent() ? "; the same command goes on" : "");
    }
    return !stop.requested();
  }

  private void report(CorpusIndex.Result result) {
    if (result.skipped() > 0) {
      console.note("%,d documents were indexed already.", result.skipped());
    }
    if (result.withoutVector() > 0) {
      console.note("%,d documents have no text and so no vector.", result.withoutVector());
    }
  }

  private int answer(QueryLoop loop, SearchMode mode) throws IOException {
    if (queries.isEmpty()) {
      loop.typed();
      return ExitCode.OK;
    }
    boolean complete;
    try (TextReader reader = TextReader.open(queries.get(), TextFormat.AUTO)) {
      if (output.isPresent()) {
        String name = "llm2vec-" + mode.name().toLowerCase(Locale.ROOT);
        complete = loop.toRunFile(reader, output.get(), name);
      } else {
        complete = loop.printed(reader);
      }
    }
    return complete ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
