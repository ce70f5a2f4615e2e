/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.torch.GemmThroughput;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code llm2vec benchmark}: how fast a model runs here, and how much memory that takes. */
@Command(
    name = "benchmark",
    description = {
      "Measures how fast a model encodes on this machine: single queries, and texts of several",
      "lengths one by one and many at once, beside a large matrix product in the same run.",
      "Tokens are those of the model, its prompt included."
    },
    footer = {
      "  llm2vec benchmark --model mini",
      "  llm2vec benchmark --model ./my-model --dtype bfloat16 --device cuda --json figures.json"
    })
public final class BenchmarkCommand implements Callable<Integer> {

  /** So many runs have a 99th percentile of their own. */
  private static final int MOST_RUNS = 1000;

  private static final int LEAST_RUNS = 3;

  private static final String[] WORDS =
      ("search engines find documents by meaning when the words of a question are other ones than"
              + " those of its answer which is why texts become vectors that lie close together if"
              + " people would say they are about one thing")
          .split(" ");

  private final Console console;
  private final Llm2VecOpener opener;

  @Mixin private ModelOptions model;

  @Option(
      names = "--lengths",
      paramLabel = "N[,N...]",
      split = ",",
      converter = ModelOptions.Positive.class,
      description = "Tokens of a text; 8,32,128,512 if not given, as far as the model reads.")
  private List<Integer> lengths = List.of(8, 32, 128, 512);

  @Option(
      names = "--texts",
      paramLabel = "N[,N...]",
      split = ",",
      converter = ModelOptions.Positive.class,
      description = "Texts that are encoded at once; 1,8,64 if not given.")
  private List<Integer> counts = List.of(1, 8, 64);

  @Option(
      names = "--seconds",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "How long every figure is measured; 2 if not given.")
  private int seconds = 2;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there, too.")
  private Optional<Path> json = Optional.empty();

  public BenchmarkCommand(Console console, Llm2VecOpener opener) {
    this.console = console;
    this.opener = opener;
  }

  /**
   * Time of encoding texts of a length.
   *
   * @param tokens of a text, on average
   * @param texts encoded at once
   * @param medianMillis of encoding them
   * @param p99Millis the 99th percentile of that, the longest of fewer than a hundred runs
   * @param tokensPerSecond by the median
   * @param gemmShare GFLOP/s of the products with weights, as a part of {@link Figures#gemmGflops}
   */
  record Row(
      double tokens,
      int texts,
      double medianMillis,
      double p99Millis,
      double tokensPerSecond,
      double gemmShare) {}

  /**
   * All that was measured.
   *
   * @param runtime versions and threads of the native library
   * @param dtype of the weights
   * @param kernel how layers are computed
   * @param openedMillis from nothing to a model that can encode
   * @param firstQueryMillis of the first text after that
   * @param residentBytes of the process at the end, 0 where the system does not tell
   * @param gemmGflops of one large product in the dtype that is computed in
   */
  record Figures(
      String runtime,
      String device,
      String dtype,
      String kernel,
      double openedMillis,
      double firstQueryMillis,
      long residentBytes,
      double gemmGflops,
      List<Row> rows) {}

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    Figures figures;
    try (Llm2Vec encoder = opener.open(model)) {
      figures = measure(encoder, millisSince(start));
    }
    print(figures);
    if (json.isPresent()) {
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(json.get().toFile(), figures);
    }
    return ExitCode.OK;
  }

  private Figures measure(Llm2Vec encoder, double openedMillis) throws IOException {
    List<Integer> fitting = lengths.stream().filter(n -> n <= longest(encoder)).sorted().toList();
    if (fitting.isEmpty()) {
      throw new CliException(
          "the model reads %s tokens, fewer than any of --lengths".formatted(longest(encoder)));
    }
    long first = System.nanoTime();
    encoder.encodeOne(text(encoder, fitting.get(0), 0, Prompt.query()), Prompt.query());
    double firstMillis = millisSince(first);
    TorchDevice device = model.settings().device();
    int width = encoder.decoder().spec().hiddenSize();
    double gemm =
        GemmThroughput.measure(encoder.decoder().computesIn(), device, 2048, width, 4 * width);
    List<Row> rows = new ArrayList<>();
    for (int length : fitting) {
      for (int count : counts) {
        rows.add(row(encoder, length, count, gemm));
      }
    }
    return new Figures(
        TorchRuntime.describe(),
        encoder.facts().device(),
        encoder.facts().dtype(),
        encoder.facts().kernel(),
        openedMillis,
        firstMillis,
        residentBytes(),
        gemm,
        rows);
  }

  private static int longest(Llm2Vec encoder) {
    return Math.min(encoder.settings().maxLength(), encoder.settings().docMaxLength());
  }

  private Row row(Llm2Vec encoder, int length, int count, double gemm) {
    Prompt prompt = count == 1 ? Prompt.query() : Prompt.document();
    List<String> texts = new ArrayList<>();
    long tokens = 0;
    for (int i = 0; i < count; i++) {
      texts.add(text(encoder, length, i, prompt));
      tokens += encoder.tokenize(texts.get(i), prompt).length();
    }
    encoder.encode(texts, prompt);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    double[] millis = new double[MOST_RUNS];
    int runs = 0;
    while (runs < LEAST_RUNS || (runs < MOST_RUNS && System.nanoTime() < end)) {
      long start = System.nanoTime();
      encoder.encode(texts, prompt);
      millis[runs] = millisSince(start);
      runs++;
    }
    Arrays.sort(millis, 0, runs);
    double median = millis[runs / 2];
    double rate = 1000 * tokens / median;
    return new Row(
        (double) tokens / count,
        count,
        median,
        millis[Math.max(0, (int) Math.ceil(0.99 * runs) - 1)],
        rate,
        2 * rate * DecoderLayout.of(encoder.decoder().spec()).linearWeights() / 1e9 / gemm);
  }

  /** Words until they have so many tokens, each text other ones. */
  private static String text(Llm2Vec encoder, int tokens, int number, Prompt prompt) {
    StringBuilder text = new StringBuilder();
    int word = 7 * number;
    do {
      text.append(text.isEmpty() ? "" : " ").append(WORDS[word % WORDS.length]);
      word++;
    } while (encoder.tokenize(text.toString(), prompt).length() < tokens);
    return text.toString();
  }

  private void print(Figures figures) {
    line("runtime", figures.runtime());
    line("model", "%s on %s (%s)", figures.dtype(), figures.device(), figures.kernel());
    line(
        "opened",
        "%.0f ms; the first query then took %.0f ms",
        figures.openedMillis(),
        figures.firstQueryMillis());
    if (figures.residentBytes() > 0) {
      line("memory", "%.0f MB resident", figures.residentBytes() / 1e6);
    }
    line("large GEMM", "%.0f GFLOP/s", figures.gemmGflops());
    console.out().println();
    console.say("| tokens | texts | median ms | p99 ms | tokens/s | texts/s | of the GEMM |");
    console.say("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (Row row : figures.rows()) {
      console.say(
          "| %.0f | %d | %.2f | %.2f | %,.0f | %,.1f | %.0f %% |",
          row.tokens(),
          row.texts(),
          row.medianMillis(),
          row.p99Millis(),
          row.tokensPerSecond(),
          row.tokensPerSecond() / row.tokens(),
          100 * row.gemmShare());
    }
  }

  private void line(String what, String format, Object... values) {
    console.say("%-12s %s", what, String.format(Locale.ROOT, format, values));
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  /** The memory that this process holds, 0 where that is not to be seen. */
  public static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .sum();
  }
}
