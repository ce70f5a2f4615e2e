/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.progress.Progress;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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

  /** With a hundred refused documents a request would be given up. */
  private static final int LARGEST_BATCH = 100;

  /** More in a request is hardly faster. */
  private static final int USUAL_BATCH = 64;

  /** Requests in a second at a bounded rate: queries have to wait for what comes in one lump. */
  private static final int REQUESTS = 10;

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
    int batch = batch();
    if (batch < 1 || batch > LARGEST_BATCH || rate < 0 || dimensions < 0) {
      throw new CliException(
          "--batch must be 1 to %s, --rate and --dimensions cannot be negative"
              .formatted(LARGEST_BATCH));
    }
    if (oldField.equals(newField)) {
      throw new CliException("--to must name another field than --field");
    }
    Optional<String> credentials = Optional.ofNullable(surroundings.environment().get(CREDENTIALS));
    try (LiveCollection collection = new LiveCollection(url, collectionName, credentials)) {
      // What has been reached once is waited for when it is gone for a while.
      Map<String, VectorFieldMapping> mappings = mappings(collection);
      LiveCollection patient = collection.patient(Retry.of(Pacer.unhurried()::pause, () -> false));
      if (step.rollback) {
        return rollBack(patient);
      }
      return step.drop ? drop(patient) : encodeAndCheck(patient, mappings);
    }
  }

  private int batch() {
    return chosenBatch.orElse(
        rate > 0 ? (int) Math.min(USUAL_BATCH, Math.max(1, rate / REQUESTS)) : USUAL_BATCH);
  }

  private int encodeAndCheck(LiveCollection collection, Map<String, VectorFieldMapping> mappings)
      throws IOException {
    boolean encode = !step.check && !step.switchOver;
    VectorFieldMapping old = mapped(mappings, oldField);
    if (encode) {
      addField(collection);
    }
    if (!mappings.containsKey(newField)) {
      return explainMapping(old);
    }
    VectorFieldMapping fresh = mapped(mappings, newField);
    if (!model.orElse(fresh.model()).equals(fresh.model())) {
      throw new CliException(
          "the update chain fills '%s' with model '%s', not '%s'"
              .formatted(newField, fresh.model(), model.orElseThrow()));
    }
    boolean dropped = new FieldSwitch(collection, oldField).isDropped();
    if (dropped && (gate.asked() || step.switchOver)) {
      throw new CliException(
          "the vectors of field '%s' have been dropped; there is nothing to compare with"
              .formatted(oldField));
    }
    if (encode) {
      requireReadable(collection, fresh);
    }
    List<VectorFieldMapping> filled = dropped ? List.of(fresh) : List.of(old, fresh);
    if ((encode && !run(collection, fresh)) || !isCovered(collection, filled)) {
      return ExitCode.SOFTWARE;
    }
    if ((gate.asked() || step.switchOver) && !gate.passes(collection, old, fresh, console)) {
      return ExitCode.SOFTWARE;
    }
    if (step.switchOver) {
      switchOf(collection).to(fresh, instruction);
      console.say("Queries for '%s' are answered by '%s' now.", oldField, newField);
    }
    return ExitCode.OK;
  }

  private static LiveCollection stoppable(
      LiveCollection collection, Pacer pacer, InterruptHandler stop) {
    return collection.patient(Retry.of(pacer::pause, stop::requested));
  }

  private FieldSwitch switchOf(LiveCollection collection) throws IOException {
    if (!collection.inCloud()) {
      throw new CliException(
          "the node runs without SolrCloud, where no property says which field answers; change the"
              + " parser's model and the field of queries by hand, see docs/reembed.md");
    }
    return new FieldSwitch(collection, oldField);
  }

  private int rollBack(LiveCollection collection) throws IOException {
    switchOf(collection).back();
    console.say("Queries for '%s' are answered by itself again.", oldField);
    return ExitCode.OK;
  }

  private int drop(LiveCollection collection) throws IOException {
    try (InterruptHandler stop = InterruptHandler.onInterrupt()) {
      Pacer pacer = pacer(stop);
      FieldSwitch dropped = switchOf(stoppable(collection, pacer, stop));
      if (!dropped.drop(newField, batch(), pacer, stop::requested)) {
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

  private static Map<String, VectorFieldMapping> mappings(LiveCollection collection)
      throws IOException {
    return collection.mappings().stream()
        .collect(Collectors.toMap(VectorFieldMapping::vector, mapping -> mapping, (a, b) -> a));
  }

  private static VectorFieldMapping mapped(Map<String, VectorFieldMapping> mappings, String field) {
    VectorFieldMapping mapping = mappings.get(field);
    if (mapping == null) {
      throw new CliException(
          "no mapping of the default update chain fills field '%s'; it fills %s"
              .formatted(field, mappings.keySet()));
    }
    if (mapping.passages()) {
      throw new CliException(
          "field '%s' has the vectors of passages, which are nested documents; index the documents"
                  .formatted(field)
              + " into a new collection instead");
    }
    return mapping;
  }

  private void addField(LiveCollection collection) throws IOException {
    List<String> added =
        new NewVectorField(collection, oldField, newField)
            .addMissing(model, dimensions, console.err());
    if (!added.isEmpty()) {
      console.err().println("Added to the schema: " + String.join(", ", added));
    }
  }

  /** The chain is in solrconfig.xml, which Solr lets nobody change over HTTP. */
  private int explainMapping(VectorFieldMapping old) {
    console.note(
        "The update chain does not fill '%s' yet. Put this mapping into solrconfig.xml, beside that of '%s',"
            + " upload the configset, reload the collection, and run this again:",
        newField, oldField);
    console
        .err()
        .print(VectorFieldMapping.xml(newField, model.orElse("NAME"), old.source().toString()));
    return ExitCode.SOFTWARE;
  }

  /** What Solr cannot read back cannot be encoded, and would be lost in an atomic update. */
  private static void requireReadable(LiveCollection collection, VectorFieldMapping mapping)
      throws IOException {
    for (String field : mapping.fields()) {
      Map<String, Object> attributes =
          collection
              .field(field, true)
              .orElseThrow(() -> new CliException("the schema has no field '" + field + "'"));
      if (!Boolean.TRUE.equals(attributes.get("stored"))
          && !Boolean.TRUE.equals(attributes.get("docValues"))) {
        throw new CliException(
            "field '%s', of which the text for '%s' is made, is neither stored nor has it docValues,"
                    .formatted(field, mapping.vector())
                + " so that Solr cannot read it back; index the documents anew from their source");
      }
    }
  }

  private boolean run(LiveCollection collection, VectorFieldMapping mapping) throws IOException {
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        Progress progress = console.progress("Encoding", "documents")) {
      Pacer pacer = pacer(stop);
      LiveCollection patient = stoppable(collection, pacer, stop);
      DocumentWalk walk =
          DocumentWalk.lacking(patient, newField, new LinkedHashSet<>(mapping.fields()));
      ReembedRun.Outcome outcome =
          new ReembedRun(patient, mapping, walk, pacer, stop::requested, progress).run(batch());
      if (!outcome.refused().isEmpty()) {
        console.err().println("Refused by the model: " + String.join(", ", outcome.refused()));
      }
      if (outcome.stopped()) {
        console.err().println("llm2vec: stopped; the same command goes on");
      }
      return !outcome.stopped();
    }
  }

  private boolean isCovered(LiveCollection collection, List<VectorFieldMapping> mappings)
      throws IOException {
    Coverage coverage = Coverage.of(collection, mappings);
    if (coverage.complete()) {
      console.say(
          "Every document with a text has its vectors in %s.",
          mappings.stream()
              .map(mapping -> "'" + mapping.vector() + "'")
              .collect(Collectors.joining(" and ")));
    } else {
      coverage.print(console.out());
    }
    return coverage.complete();
  }
}
