/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.cli.demo.Judgements;
import io.github.llm2vec.cli.demo.SolrCollection;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.solr.LocalSolr;
import io.github.llm2vec.cli.solr.SolrLog;
import io.github.llm2vec.cli.text.TextFormat;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.lucene.SimdSupport;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code llm2vec demo}: a real Solr that encodes what it indexes and searches. */
@Command(
    name = "demo",
    description = {
      "Starts a real Solr, creates a collection from solr-config-examples/basic, indexes documents",
      "through its update chain, runs queries and stays until Ctrl-C."
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec demo",
      "  llm2vec demo --model ./my-model --corpus corpus.jsonl --queries queries.jsonl",
      "  llm2vec demo --home ./my-solr --port 8983",
      "",
      "Without options: the tiny model in examples/models/stories260K, which shows the machinery",
      "and not what a language model can do, and a sample of SciFact in examples/scifact."
    })
final class DemoCommand implements Callable<Integer> {

  private static final String COLLECTION = "demo";
  private static final int USUAL_PORT = 8983;
  private static final int ANY_PORT = 0;

  /** Property of the collection that tells whether it belongs to the model. */
  private static final String IDENTITY = "llm2vec.demo.identity";

  private final Console console;
  private final Surroundings surroundings;
  private final DemoModels models;

  @Mixin private ModelOptions model;

  @Option(
      names = "--corpus",
      paramLabel = "FILE",
      description = "Documents to index: .jsonl or .txt, also gzipped.")
  private Optional<Path> corpus = Optional.empty();

  @Option(
      names = "--queries",
      paramLabel = "FILE",
      description = "Queries to run; by default those of the sample if its documents are indexed.")
  private Optional<Path> queries = Optional.empty();

  @Option(
      names = "--qrels",
      paramLabel = "FILE",
      description = "Which documents are relevant to which queries (TSV of BEIR, or TREC).")
  private Optional<Path> qrels = Optional.empty();

  @Option(
      names = "--top-k",
      paramLabel = "N",
      defaultValue = "10",
      converter = ModelOptions.Positive.class,
      description = "Hits per query (default: 10).")
  private int topK;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Port of Solr, 0 for any; by default 8983, or any if that is taken.")
  private Optional<Integer> port = Optional.empty();

  @Option(
      names = "--home",
      paramLabel = "DIR",
      description =
          "Solr's home, kept and gone on with; without it, one that is deleted at the end.")
  private Optional<Path> home = Optional.empty();

  @Option(
      names = "--query-instruction",
      paramLabel = "TEXT",
      description = "Task sentence put before every query.")
  private Optional<String> queryInstruction = Optional.empty();

  @Option(names = "--once", description = "Exit after the queries instead of waiting for Ctrl-C.")
  private boolean once;

  DemoCommand(Console console, Surroundings surroundings, DemoModels models) {
    this.console = console;
    this.surroundings = surroundings;
    this.models = models;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (StopSignal stop = StopSignal.onInterrupt();
        IndexFolder folder = home.map(IndexFolder::kept).orElseGet(IndexFolder::temporary)) {
      Path solrHome = folder.path().toAbsolutePath();
      Path log = solrHome.resolve("logs").resolve("solr.log");
      SolrLog.toFile(log);
      console.err().println(SimdSupport.detect().summary() + ".");
      DemoModels.Declared declared =
          models.declare(
              model,
              surroundings.example("models/stories260K"),
              queryInstruction.orElse(""),
              solrHome);
      console.err().println("Starting Solr; its log is " + log + " ...");
      try (LocalSolr solr = start(solrHome)) {
        createCollection(solr, declared);
        try (SolrCollection collection = new SolrCollection(solr.url(), COLLECTION)) {
          return run(solr.url(), collection, stop);
        }
      }
    }
  }

  private LocalSolr start(Path solrHome) throws IOException {
    if (port.isPresent()) {
      return LocalSolr.start(solrHome, port.get());
    }
    try {
      return LocalSolr.start(solrHome, USUAL_PORT);
    } catch (IOException e) {
      if (!isPortTaken(e)) {
        throw e;
      }
      return LocalSolr.start(solrHome, ANY_PORT);
    }
  }

  private static boolean isPortTaken(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        return true;
      }
    }
    return false;
  }

  private void createCollection(LocalSolr solr, DemoModels.Declared declared) throws IOException {
    if (!solr.hasCollection(COLLECTION)) {
      solr.createCollection(
          COLLECTION,
          surroundings.project().resolve("solr-config-examples").resolve("basic"),
          Map.of(
              "llm2vec.dims",
              Integer.toString(declared.dimensions()),
              IDENTITY,
              declared.identity()));
      return;
    }
    String found = solr.container().getCoreDescriptor(COLLECTION).getCoreProperty(IDENTITY, "");
    if (!found.equals(declared.identity())) {
      throw new CliException(
          "the collection in "
              + home.orElseThrow()
              + " was made with another model or other options; repeat those or name another --home");
    }
  }

  private int run(String url, SolrCollection collection, StopSignal stop)
      throws IOException, InterruptedException {
    console.err().println("Opening the model ...");
    collection.awaitModel(stop::requested);
    index(collection, stop);
    console.err().printf(Locale.ROOT, "%,d documents in the collection.%n", collection.size());
    Optional<Path> file = queryFile();
    if (file.isPresent() && !stop.requested()) {
      try (TextReader reader = TextReader.open(file.get(), TextFormat.AUTO)) {
        new DemoQueries(console.out(), collection, judgements(), topK).run(reader, stop);
      }
      if (model.model().isEmpty()) {
        console
            .out()
            .println(
                "The sample model knows children's stories and was never trained to find anything;"
                    + " name your own with --model.");
      }
    }
    if (once || stop.requested()) {
      return stop.requested() ? ExitCode.SOFTWARE : ExitCode.OK;
    }
    invite(console.out(), url + "/" + COLLECTION + "/select");
    stop.await();
    console.err().println("\nStopping Solr ...");
    return ExitCode.OK;
  }

  private void index(SolrCollection collection, StopSignal stop) throws IOException {
    long skipped;
    Path file = corpus.orElseGet(() -> surroundings.example("scifact/corpus.jsonl.gz"));
    try (TextReader reader = TextReader.open(file, TextFormat.AUTO);
        Progress progress =
            Progress.start(console.err(), console.watched(), "Indexing", "documents")) {
      DemoIndexing indexing =
          new DemoIndexing(collection, reader, new IndexingDisplay(progress, reader));
      indexing.run(stop);
      skipped = indexing.skipped();
    }
    if (skipped > 0) {
      console.err().printf(Locale.ROOT, "%,d documents were indexed already.%n", skipped);
    }
  }

  private Optional<Path> queryFile() {
    return queries.isPresent() || corpus.isPresent()
        ? queries
        : Optional.of(surroundings.example("scifact/queries.jsonl"));
  }

  private Judgements judgements() throws IOException {
    if (qrels.isPresent()) {
      return Judgements.read(qrels.get());
    }
    return queries.isPresent() || corpus.isPresent()
        ? Judgements.NONE
        : Judgements.read(surroundings.example("scifact/qrels.tsv"));
  }

  private static void invite(PrintStream out, String select) {
    out.println();
    out.println("Solr is running. Try a question of your own, in another window:");
    out.println("  curl " + select + " \\");
    out.println("    --data-urlencode 'q={!llm2vec f=vector topK=100 v=$qq}' \\");
    out.println(
        "    --data-urlencode 'qq=vitamin D and bone density' -d rows=5 -d fl=id,title,score");
    out.println("or in a browser:");
    out.println(
        "  "
            + select
            + "?q=%7B!llm2vec%20f%3Dvector%20topK%3D100%20v%3D%24qq%7D"
            + "&qq=vitamin%20D%20and%20bone%20density&rows=5");
    out.println("Ctrl-C stops it.");
    out.flush();
  }
}
