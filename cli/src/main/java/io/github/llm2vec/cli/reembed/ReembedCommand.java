/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.solr.reembed.Coverage;
import io.github.llm2vec.solr.reembed.LiveCollection;
import io.github.llm2vec.solr.reembed.ModelChange;
import io.github.llm2vec.solr.reembed.Pacer;
import io.github.llm2vec.solr.reembed.ReembedRun;
import io.github.llm2vec.solr.reembed.Retry;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code llm2vec reembed}: another model for a live Solr collection. */
@Command(
    name = "reembed",
    description = {
      "Has a live Solr collection encode its documents with another model into a second vector",
      "field, while the first one goes on answering queries."
    },
    footer = {
      "  llm2vec reembed --collection papers --field vector --to vector2 --model new --rate 50",
      "  llm2vec reembed --collection papers --field vector --to vector2 --check",
      "  llm2vec reembed --collection papers --field vector --to vector2 --switch \\",
      "      --queries queries.jsonl --qrels qrels/test.tsv",
      "  llm2vec reembed --collection papers --field vector --to vector2 --rollback",
      "",
      "It may be stopped or killed at any time: the same command goes on, since what is done is",
      "what the index holds. LLM2VEC_SOLR_AUTH=user:password is used where Solr asks for it.",
      "docs/reembed.md tells the whole way."
    })
public final class ReembedCommand implements Callable<Integer> {

  private static final String CREDENTIALS = "LLM2VEC_SOLR_AUTH";

  private final Console console;
  private final CliEnvironment surroundings;

  @Option(
      names = "--solr",
      paramLabel = "URL",
      description = "Any node of the cluster (default: http://127.0.0.1:8983/solr).")
  private String url = "http://127.0.0.1:8983/solr";

  @Option(
      names = "--collection",
      required = true,
      paramLabel = "NAME",
      description = "The collection, or the core of a node without SolrCloud.")
  private String collectionName = "";

  @Option(
      names = "--field",
      required = true,
      paramLabel = "NAME",
      description = "The vector field that serves now.")
  private String oldField = "";

  @Option(
      names = "--to",
      required = true,
      paramLabel = "NAME",
      description = "The vector field of the new model.")
  private String newField = "";

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "The new model in llm2vec-models.json; needed until a mapping names it.")
  private Optional<String> model = Optional.empty();

  @Option(
      names = "--dimensions",
      paramLabel = "N",
      description = "Width of its vectors, where no core has it open.")
  private int dimensions;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Most documents in a second (default: as many as go).")
  private double rate;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Documents of a request, 1 to 100 (default: a tenth of --rate, at most 64).")
  private Optional<Integer> chosenBatch = Optional.empty();

  @Mixin private GateOptions gate;

  @ArgGroup private Step step = new Step();

  @Option(
      names = "--instruction",
      paramLabel = "TEXT",
      description = "With --switch, instruction of queries (default: the new model's own).")
  private String instruction = "";

  /** What is done in place of encoding. */
  static final class Step {
    @Option(
        names = "--check",
        description = "Encode nothing; say which documents lack a vector, and compare if asked to.")
    private boolean check;

    @Option(
        names = "--switch",
        description =
            "Have queries for --field answered by --to, unless it lacks vectors or is worse.")
    private boolean switchOver;

    @Option(names = "--rollback", description = "Undo --switch.")
    private boolean rollback;

    @Option(
        names = "--drop",
        description = "After --switch: fill --field no more and remove its vectors. For good.")
    private boolean drop;
  }

  public ReembedCommand(Console console, CliEnvironment surroundings) {
    this.console = console;
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    if (dimensions < 0) {
      throw new CliException("--dimensions cannot be negative");
    }
    int batch = ModelChange.batch(chosenBatch, rate);
    Optional<String> credentials = Optional.ofNullable(surroundings.environment().get(CREDENTIALS));
    try (LiveCollection collection = LiveCollection.at(url, collectionName, credentials)) {
      ModelChange change = ModelChange.of(collection, oldField, newField);
      // What has been reached once is waited for when it is gone for a while.
      ModelChange patient = change.patient(Retry.of(Pacer.unhurried()::pause, () -> false));
      if (step.rollback) {
        patient.rollBack();
        console.say("Queries for '%s' are answered by itself again.", oldField);
        return ExitCode.OK;
      }
      return step.drop ? drop(patient, batch) : encodeAndCheck(patient, batch);
    }
  }

  private int encodeAndCheck(ModelChange change, int batch) throws IOException {
    boolean encode = !step.check && !step.switchOver;
    if (encode) {
      List<String> added = change.addFields(model, dimensions, console.err()::println);
      if (!added.isEmpty()) {
        console.err().println("Added to the schema: " + String.join(", ", added));
      }
    }
    Optional<String> mapping = change.missingMapping(model);
    if (mapping.isPresent()) {
      console.note(
          "The update chain does not fill '%s' yet. Put this mapping into solrconfig.xml, beside that of"
              + " '%s', upload the configset, reload the collection, and run this again:",
          newField, oldField);
      console.err().print(mapping.get());
      return ExitCode.SOFTWARE;
    }
    change.requireModel(model);
    boolean compare = gate.asked() || step.switchOver;
    if (compare) {
      change.requireNotDropped();
    }
    if ((encode && !run(change, batch))
        || !isCovered(change)
        || (compare && !gate.passes(change, console))) {
      return ExitCode.SOFTWARE;
    }
    if (step.switchOver) {
      change.switchOver(instruction);
      console.say("Queries for '%s' are answered by '%s' now.", oldField, newField);
    }
    return ExitCode.OK;
  }

  private int drop(ModelChange change, int batch) throws IOException {
    try (InterruptHandler stop = InterruptHandler.onInterrupt()) {
      Pacer pacer = pacer(stop);
      if (!stoppable(change, pacer, stop).drop(batch, pacer, stop::requested)) {
        console.err().println("llm2vec: vectors are left; the same command goes on");
        return ExitCode.SOFTWARE;
      }
    }
    console.say(
        "No document has a vector in '%s' any more; its mapping and its fields can go.", oldField);
    return ExitCode.OK;
  }

  private Pacer pacer(InterruptHandler stop) {
    return new Pacer(rate, System::nanoTime, TimeUnit.NANOSECONDS::sleep, stop::requested);
  }

  private static ModelChange stoppable(ModelChange change, Pacer pacer, InterruptHandler stop) {
    return change.patient(Retry.of(pacer::pause, stop::requested));
  }

  private boolean run(ModelChange change, int batch) throws IOException {
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        Progress display = console.progress("Encoding", "documents")) {
      Pacer pacer = pacer(stop);
      ReembedRun.Progress progress =
          new ReembedRun.Progress() {
            @Override
            public void total(long documents) {
              display.total(documents);
            }

            @Override
            public void advance(long documents) {
              display.advance(documents);
            }
          };
      ReembedRun.Outcome outcome =
          stoppable(change, pacer, stop).encode(batch, pacer, stop::requested, progress);
      if (!outcome.refused().isEmpty()) {
        console.err().println("Refused by the model: " + String.join(", ", outcome.refused()));
      }
      if (outcome.stopped()) {
        console.err().println("llm2vec: stopped; the same command goes on");
      }
      return !outcome.stopped();
    }
  }

  private boolean isCovered(ModelChange change) throws IOException {
    Coverage coverage = change.coverage();
    if (coverage.complete()) {
      console.say(
          "Every document with a text has its vectors in %s.",
          change.filled().stream()
              .map(mapping -> "'" + mapping.vector() + "'")
              .collect(Collectors.joining(" and ")));
    } else {
      coverage.lines().forEach(console.out()::println);
    }
    return coverage.complete();
  }
}
