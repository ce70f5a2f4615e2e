/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads queries: records with {@code _id} and {@code text}. */
final class QueryReader {

  private final Findings findings;
  private final Map<String, String> queries = new LinkedHashMap<>();

  private QueryReader(Findings findings) {
    this.findings = findings;
  }

  /** Text by id, in the order of the files. */
  static Map<String, String> read(List<Path> files, RecordFormats formats, Findings findings)
      throws IOException {
    QueryReader reader = new QueryReader(findings);
    try (RecordStream<RecordFiles.Located> records = RecordFiles.open(files, formats)) {
      records.forEach(reader::take);
    }
    return reader.queries;
  }

  private void take(RecordFiles.Located located) throws IOException {
    if (located.values().isEmpty()) {
      report(located, Finding.Kind.MALFORMED, located.problem() + "; it is left out");
      return;
    }
    ObjectNode record = located.values().get();
    Optional<String> id = RecordFiles.RecordFields.id(record);
    if (id.isEmpty()) {
      report(located, Finding.Kind.MALFORMED, "the query has no _id; it is left out");
    } else if (RecordFiles.RecordFields.isNested(record, "text")) {
      report(
          located,
          Finding.Kind.MALFORMED,
          "the text of query '" + id.get() + "' is not a string; it is left out");
    } else if (queries.containsKey(id.get())) {
      report(
          located,
          Finding.Kind.DUPLICATE_ID,
          "query '" + id.get() + "' was there before; this one is left out");
    } else {
      keep(located, id.get(), RecordFiles.RecordFields.scalar(record, "text").orElse(""));
    }
  }

  private void keep(RecordFiles.Located located, String id, String text) throws IOException {
    queries.put(id, text);
    if (text.isBlank()) {
      report(
          located,
          Finding.Kind.EMPTY_QUERY,
          "query '" + id + "' has no text; it is kept and encoded as an empty text");
    }
    if (id.chars().anyMatch(c -> PythonText.isSpace((char) c))) {
      report(
          located,
          Finding.Kind.ID_WITH_SPACE,
          "query id '" + id + "' holds white space, which run files write as %20");
    }
  }

  private void report(RecordFiles.Located located, Finding.Kind kind, String message)
      throws DatasetException {
    findings.add(located.finding(kind, message));
  }
}
