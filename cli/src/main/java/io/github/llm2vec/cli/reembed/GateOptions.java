/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.reembed;

import io.github.llm2vec.cli.console.CliException;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.solr.reembed.ModelChange;
import io.github.llm2vec.solr.reembed.SearchComparison;
import io.github.llm2vec.trainer.mteb.metrics.Qrels;
import io.github.llm2vec.trainer.mteb.task.QrelsReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options of the comparison of two vector fields before one takes the place of the other. */
final class GateOptions {

  @Option(
      names = "--compare",
      description = "Compare what both fields find, and fail if the new one is worse.")
  private boolean compare;

  @Option(
      names = "--queries",
      paramLabel = "FILE",
      description =
          "Queries to compare with, BEIR's queries.jsonl or lines (default: of documents).")
  private Optional<Path> queries = Optional.empty();

  @Option(
      names = "--qrels",
      paramLabel = "FILE",
      description = "Judgements of the queries, BEIR's qrels.tsv or TREC's: nDCG@10 decides.")
  private Optional<Path> qrels = Optional.empty();

  @Option(
      names = "--max-loss",
      paramLabel = "X",
      description = "With --qrels, by how much nDCG@10 may fall (default: 0.02).")
  private double maxLoss = 0.02;

  @Option(
      names = "--min-overlap",
      paramLabel = "X",
      description = "Without --qrels, share of the ten best hits that must stay (default: 0.2).")
  private double minOverlap = 0.2;

  /** Whether a comparison was asked for. */
  boolean asked() {
    return compare || queries.isPresent() || qrels.isPresent();
  }

  /** Compares; false if the new field is worse. */
  boolean passes(ModelChange change, Console console) throws IOException {
    if (qrels.isPresent() && queries.isEmpty()) {
      throw new CliException("--qrels needs --queries, the texts of the queries that it judges");
    }
    QualityGate gate = new QualityGate(maxLoss, minOverlap);
    Optional<Qrels> judgements = Optional.empty();
    if (qrels.isPresent()) {
      judgements = Optional.of(QrelsReader.read(qrels.get()));
    }
    Optional<Map<String, String>> texts = Optional.empty();
    if (queries.isPresent()) {
      Map<String, String> read = read(queries.get());
      judgements.ifPresent(judged -> read.keySet().retainAll(judged.queries()));
      texts = Optional.of(read);
    }
    SearchComparison found = change.compare(texts);
    QualityGate.Verdict verdict =
        judgements.isPresent() ? gate.judged(found, judgements.get()) : gate.unjudged(found);
    found.lines().forEach(console.out()::println);
    console.out().println(verdict.reason());
    if (!verdict.accepted()) {
      console.out().println("The new model is worse; nothing is switched.");
    }
    return verdict.accepted();
  }

  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    try (TextReader reader = TextReader.open(file, TextFormat.AUTO)) {
      reader.forEach(
          text -> {
            if (!text.content().isBlank()) {
              texts.put(text.id(), text.content());
            }
          });
    }
    return texts;
  }
}
