/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.search.IndexingDisplay;
import io.github.llm2vec.cli.solr.LocalPages;
import io.github.llm2vec.cli.solr.LocalSolr;
import io.github.llm2vec.cli.solr.SolrLog;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.files.CacheFolder;
import io.github.llm2vec.lucene.SimdSupport;
import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import io.github.llm2vec.trainer.mteb.task.QrelsReader;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.lucene.util.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code llm2vec demo}: a real Solr that encodes what it indexes and searches. */
@Command(
    name = "demo",
    description = {
      "Starts a real Solr with a search page, creates a collection from",
      "solr-config-examples/hybrid, indexes documents through its update chain, compares searches",
      "by words, by meaning and by both, and stays until Ctrl-C."
    },
    footer = {
      "  llm2vec demo",
      "  llm2vec demo --model ./my-model --corpus corpus.jsonl --queries queries.jsonl",
      "  llm2vec demo --home ./my-solr --port 8983",
      "",
      "Without options: the model 'mini', which comes with this program, and a sample of DBpedia in",
      "examples/dbpedia. Solr's home is kept in ~/.cache/llm2vec/demo (or LLM2VEC_CACHE), and made",
      "anew when model, documents or configuration are others."
    })
public final class DemoCommand implements Callable<Integer> {

  private static final String COLLECTION = "demo";
  private static final String DEFAULT_MODEL = "mini";
  private static final int SHOWN_QUERIES = 5;
  private static final int USUAL_PORT = 8983;
  private static final int ANY_PORT = 0;

  /** Property of the collection that tells whether it belongs to the model. */
  private static final String IDENTITY = "llm2vec.demo.identity";

  private final Console console;
  private final CliEnvironment surroundings;
  private final DemoModels models;

  private long started;

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
      description = "Solr's home, kept and gone on with; without it, the demo's own, see below.")
  private Optional<Path> home = Optional.empty();

  @Option(
      names = "--query-instruction",
      paramLabel = "TEXT",
      description = "Task sentence put before every query.")
  private Optional<String> queryInstruction = Optional.empty();

  @Option(names = "--once", description = "Exit after the queries instead of waiting for Ctrl-C.")
  private boolean once;

  public DemoCommand(Console console, CliEnvironment surroundings, DemoModels models) {
    this.console = console;
    this.surroundings = surroundings;
    this.models = models;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    started = System.nanoTime();
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        DemoHome folder = home.isPresent() ? DemoHome.named(home.get()) : DemoHome.own(cache())) {
      DemoModels.Declared declared =
          models.declare(model, DEFAULT_MODEL, queryInstruction.orElse(""));
      String identity = declared.identity() + "-" + DemoHome.hash(configset());
      // No Lucene reads what a later one has written.
      DemoHome.Content content =
          folder.prepare(identity + "-" + DemoHome.hash(corpusFile()) + "-" + Version.LATEST.major);
      declared.write(folder.path());
      Path log = folder.path().resolve("logs").resolve("solr.log");
      SolrLog.toFile(log);
      console.err().println(SimdSupport.detect().summary() + ".");
      if (folder.temporary()) {
        console.err().println("Another demo is running; this one keeps nothing.");
      }
      console.err().println("Starting Solr; its log is " + log + " ...");
      try (LocalSolr solr = start(folder.path())) {
        createCollection(solr, declared.dimensions(), identity);
        try (SolrCollection collection = new SolrCollection(solr.url(), COLLECTION)) {
          return run(solr, collection, content, stop);
        }
      }
    }
  }

  private Path cache() {
    return CacheFolder.of(surroundings.environment(), surroundings.userHome());
  }

  private Path configset() {
    return surroundings.project().resolve("solr-config-examples").resolve("hybrid");
  }

  private Path corpusFile() {
    return corpus.orElseGet(() -> surroundings.example("dbpedia/corpus.jsonl.gz"));
  }

  /** The page; its examples are about the sample. */
  private DemoPage page() {
    return corpus.isPresent() ? DemoPage.read().withoutExamples() : DemoPage.read();
  }

  private LocalSolr start(Path solrHome) throws IOException {
    LocalPages pages = page().files();
    if (port.isPresent()) {
      return LocalSolr.start(solrHome, port.get(), pages);
    }
    try {
      return LocalSolr.start(solrHome, USUAL_PORT, pages);
    } catch (BindException e) {
      return LocalSolr.start(solrHome, ANY_PORT, pages);
    }
  }

  private void createCollection(LocalSolr solr, int dimensions, String identity)
      throws IOException {
    if (!solr.hasCollection(COLLECTION)) {
      solr.createCollection(
          COLLECTION,
          configset(),
          Map.of("llm2vec.dims", Integer.toString(dimensions), IDENTITY, identity));
      return;
    }
    String found = solr.container().getCoreDescriptor(COLLECTION).getCoreProperty(IDENTITY, "");
    if (!found.equals(identity)) {
      throw new CliException(
          ("the collection in %s was made with another model or other options, or by"
                  + " another release; repeat those or name another --home")
              .formatted(solr.container().getSolrHome()));
    }
  }

  private int run(
      LocalSolr solr, SolrCollection collection, DemoHome.Content content, InterruptHandler stop)
      throws IOException, InterruptedException {
    String address = solr.root() + DemoPage.PATH;
    console.err().println("The search page is " + address + " from now on.");
    collection.awaitModel(stop::requested);
    index(collection, content, stop);
    console.note(
        "%,d documents in the collection, %.1f s after the start.",
        collection.size(), (System.nanoTime() - started) / 1e9);
    compare(collection, stop);
    if (once || stop.requested()) {
      return stop.requested() ? ExitCode.SOFTWARE : ExitCode.OK;
    }
    invite(address, solr.url() + "/" + COLLECTION + "/select");
    stop.await();
    console.err().println("\nStopping Solr ...");
    return ExitCode.OK;
  }

  private void compare(SolrCollection collection, InterruptHandler stop) throws IOException {
    DemoPage page = page();
    new DemoComparison(console.out(), collection, page).run(stop);
    Optional<Path> file = queryFile();
    if (file.isPresent() && !stop.requested()) {
      try (TextReader reader = TextReader.open(file.get(), TextFormat.AUTO)) {
        new DemoQueries(
                console.out(),
                collection,
                page.searches(),
                judgements(),
                topK,
                queries.isPresent() ? SHOWN_QUERIES : 0)
            .run(reader, stop);
      }
    }
  }

  private void index(SolrCollection collection, DemoHome.Content content, InterruptHandler stop)
      throws IOException {
    if (content.isComplete(collection.size())) {
      console.err().println("The index of the last time is still right.");
      return;
    }
    DemoIndexing indexing;
    try (TextReader reader = TextReader.open(corpusFile(), TextFormat.AUTO);
        Progress progress = console.progress("Indexing", "documents")) {
      indexing =
          new DemoIndexing(
              collection, reader, IndexingDisplay.counting(progress, reader, corpusFile()));
      indexing.run(stop);
    }
    if (!stop.requested()) {
      content.complete(collection.size());
    }
    if (indexing.skipped() > 0) {
      console.note("%,d documents were indexed already.", indexing.skipped());
    }
  }

  private Optional<Path> queryFile() {
    return queries.isPresent() || corpus.isPresent()
        ? queries
        : Optional.of(surroundings.example("dbpedia/queries.jsonl"));
  }

  private Qrels judgements() throws IOException {
    if (qrels.isPresent()) {
      return QrelsReader.read(qrels.get());
    }
    return queries.isPresent() || corpus.isPresent()
        ? Qrels.NONE
        : QrelsReader.read(surroundings.example("dbpedia/qrels.tsv"));
  }

  private void invite(String page, String select) {
    PrintStream out = console.out();
    out.println();
    out.println("Solr is running. Search by words, by meaning and by both, side by side:");
    out.println("  " + page);
    out.println("or ask it as your program would, in another window:");
    out.println("  curl " + select + " \\");
    out.println("    --data-urlencode 'q={!llm2vec f=vector topK=100 v=$qq}' \\");
    out.println(
        "    --data-urlencode 'qq=animals that live in cold seas' -d rows=5 -d fl=id,title,score");
    out.println("Ctrl-C stops it.");
    out.flush();
  }
}
