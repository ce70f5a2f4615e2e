/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Whether a device gives the vectors that the CPU gives in single precision, and how long queries
 * take on it alone and beside a stream of documents. Ends with 1 if vectors differ.
 */
@Command(
    name = "check",
    description = "The vectors of a device beside the CPU's, and queries beside documents on it.",
    mixinStandardHelpOptions = true)
final class DeviceCheckBenchmark implements Callable<Integer> {

  private static final int TEXTS = 64;
  private static final int DOCUMENTS = 64;

  /** Of the largest component: single precision sums in another order. */
  private static final double LARGEST_DIFFERENCE = 1e-4;

  private static final double SMALLEST_COSINE = 0.999;

  @Option(names = "--model", required = true, description = "Folder of a model.")
  private Path model;

  @Option(names = "--device", required = true, description = "cpu, cuda or cuda:N.")
  private String device;

  @Option(
      names = "--dtype",
      split = ",",
      defaultValue = "float32,bfloat16,float16",
      description = "Compared with the CPU; the last but one serves the queries.")
  private List<String> dtypes;

  @Option(names = "--seconds", defaultValue = "10", description = "Of queries, with and without.")
  private int seconds;

  @Override
  public Integer call() throws IOException {
    System.out.println(TorchRuntime.describe());
    List<String> texts = texts(TEXTS, 200, 1);
    float[][] expected;
    try (Llm2Vec reference = open(DType.FLOAT32, TorchDevice.CPU)) {
      expected = reference.encode(texts, Prompt.document());
    }
    boolean right = true;
    System.out.println(
        "| dtype | largest difference, of the largest component | smallest cosine | |");
    System.out.println("| --- | ---: | ---: | --- |");
    for (String name : dtypes) {
      DType dtype = DType.of(name);
      try (Llm2Vec tested = open(dtype, TorchDevice.of(device))) {
        right &= compare(dtype, tested.encode(texts, Prompt.document()), expected);
      }
    }
    serve(DType.of(dtypes.get(Math.max(0, dtypes.size() - 2))));
    return right ? 0 : 1;
  }

  private Llm2Vec open(DType dtype, TorchDevice on) throws IOException {
    return Llm2Vec.open(
        ModelSource.of(model.toString(), List.of(), Map.of()),
        Llm2VecOptions.builder().dtype(dtype).device(on).build());
  }

  private boolean compare(DType dtype, float[][] found, float[][] expected) {
    double difference = 0;
    double largest = 0;
    double smallestCosine = 1;
    for (int text = 0; text < found.length; text++) {
      double product = 0;
      double squares = 0;
      double expectedSquares = 0;
      for (int i = 0; i < found[text].length; i++) {
        double value = found[text][i];
        double wanted = expected[text][i];
        difference = Math.max(difference, Math.abs(value - wanted));
        largest = Math.max(largest, Math.abs(wanted));
        product += value * wanted;
        squares += value * value;
        expectedSquares += wanted * wanted;
      }
      smallestCosine = Math.min(smallestCosine, product / Math.sqrt(squares * expectedSquares));
    }
    // Written so that NaN is wrong, too.
    boolean right =
        smallestCosine >= SMALLEST_COSINE
            && (dtype != DType.FLOAT32 || difference / largest <= LARGEST_DIFFERENCE);
    Figures.print(
        "| %s | %.1e | %.6f | %s |%n",
        dtype.configName(), difference / largest, smallestCosine, right ? "as expected" : "WRONG");
    return right;
  }

  /** One query after the other, alone and beside a caller that always has documents waiting. */
  private void serve(DType dtype) throws IOException {
    List<String> queries = texts(1000, 12, 2);
    List<String> documents = texts(DOCUMENTS, 200, 3);
    try (EncoderService service =
        EncoderService.start(open(dtype, TorchDevice.of(device)), ServingOptions.defaults())) {
      service.encode(documents, Prompt.document());
      double[] alone = queries(service, queries, "alone");
      AtomicBoolean stop = new AtomicBoolean();
      Thread feeder =
          new Thread(
              () -> {
                while (!stop.get()) {
                  service.encode(documents, Prompt.document());
                }
              },
              "documents");
      long tokens = service.metrics().work().tokens();
      long start = System.nanoTime();
      feeder.start();
      double[] beside = queries(service, queries, "beside");
      double rate =
          (service.metrics().work().tokens() - tokens) / ((System.nanoTime() - start) / 1e9);
      stop.set(true);
      join(feeder);
      System.out.println();
      System.out.println("| queries, " + dtype.configName() + " | median ms | p99 ms | tokens/s |");
      System.out.println("| --- | ---: | ---: | ---: |");
      row("alone", alone, Double.NaN);
      row("beside documents", beside, rate);
    }
  }

  private static void join(Thread feeder) {
    try {
      feeder.join();
    } catch (InterruptedException e) {
      // The process is about to end, and the thread with it.
      Thread.currentThread().interrupt();
    }
  }

  private double[] queries(EncoderService service, List<String> queries, String phase) {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    List<Double> millis = new ArrayList<>();
    for (int i = 0; System.nanoTime() < end; i++) {
      // Another one than any that was encoded before, whose vector would be kept.
      String query = queries.get(i % queries.size()) + " " + phase + " " + i;
      long start = System.nanoTime();
      service.encodeWithin(query, Prompt.query(), Duration.ofMinutes(1));
      millis.add((System.nanoTime() - start) / 1e6);
    }
    return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private void row(String what, double[] sorted, double rate) {
    Figures.print(
        "| %s, %d | %.1f | %.1f | %s |%n",
        what,
        sorted.length,
        ProcessUse.median(sorted),
        sorted[Math.min(sorted.length - 1, (int) (0.99 * sorted.length))],
        Double.isNaN(rate) ? "" : Math.round(rate));
  }

  /** Made-up texts of one to so many words. */
  private static List<String> texts(int count, int words, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    String[] known =
        "once upon a time there was little girl who found cat in the garden".split(" ", -1);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String[] text = new String[1 + random.nextInt(words)];
      Arrays.setAll(text, word -> known[random.nextInt(known.length)]);
      texts.add(String.join(" ", text));
    }
    return texts;
  }
}
