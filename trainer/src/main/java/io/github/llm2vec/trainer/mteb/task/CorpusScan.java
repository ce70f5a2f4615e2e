/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.Sha256;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The first pass over a corpus, which validates and numbers the documents; see {@link Corpus#scan}.
 */
final class CorpusScan {

  private final List<Path> files;
  private final RecordFormats formats;
  private final Set<String> judgedAndMissing;
  private final Findings findings;
  private final Set<Long> leftOut = new HashSet<>();
  private final IdSet seen = new IdSet();
  private final Sha256 sha256 = new Sha256();
  private String digest = "";

  /** A document, or why there is none. */
  record Parsed(Optional<Corpus.Document> document, String problem) {}

  CorpusScan(List<Path> files, RecordFormats formats, Set<String> judged, Findings findings) {
    this.files = List.copyOf(files);
    this.formats = formats;
    this.judgedAndMissing = judged;
    this.findings = findings;
  }

  void run(DocumentIds.Writer ids) throws IOException {
    int documents = 0;
    try (RecordStream<RecordFiles.Located> records = RecordFiles.open(files, formats)) {
      for (Optional<RecordFiles.Located> located = records.next();
          located.isPresent();
          located = records.next()) {
        Optional<Corpus.Document> document = examine(located.get());
        if (document.isPresent()) {
          ids.add(document.get().id());
          sha256.add(document.get().id()).add(document.get().passage());
          documents++;
        } else {
          leftOut.add(located.get().place());
        }
      }
    }
    if (documents == 0) {
      throw new DatasetException(files + " hold no document");
    }
    digest = sha256.hex();
    for (String id : new TreeSet<>(judgedAndMissing)) {
      findings.add(
          new Finding(
              Finding.Kind.UNKNOWN_DOCUMENT,
              files.get(0).toString(),
              0,
              "document '" + id + "' is judged but not in the corpus; nothing can find it"));
    }
  }

  private Optional<Corpus.Document> examine(RecordFiles.Located located) throws IOException {
    if (located.values().isEmpty()) {
      report(located, Finding.Kind.MALFORMED, located.problem() + "; it is left out");
      return Optional.empty();
    }
    Parsed parsed = parse(located.values().get());
    if (parsed.document().isEmpty()) {
      report(located, Finding.Kind.MALFORMED, parsed.problem() + "; it is left out");
      return Optional.empty();
    }
    Corpus.Document document = parsed.document().get();
    if (!seen.add(document.id())) {
      report(
          located,
          Finding.Kind.DUPLICATE_ID,
          "document '" + document.id() + "' was there before; this one is left out");
      return Optional.empty();
    }
    judgedAndMissing.remove(document.id());
    if (document.passage().isEmpty()) {
      report(
          located,
          Finding.Kind.EMPTY_DOCUMENT,
          "document '%s' has neither title nor text; it is kept and encoded as an empty text"
              .formatted(document.id()));
    }
    if (document.id().chars().anyMatch(c -> PythonText.isSpace((char) c))) {
      report(
          located,
          Finding.Kind.ID_WITH_SPACE,
          "document id '" + document.id() + "' holds white space, which run files write as %20");
    }
    return parsed.document();
  }

  private void report(RecordFiles.Located located, Finding.Kind kind, String message)
      throws DatasetException {
    findings.add(located.finding(kind, message));
  }

  static Parsed parse(ObjectNode record) {
    Optional<String> id = RecordFiles.RecordFields.id(record);
    if (id.isEmpty()) {
      return new Parsed(Optional.empty(), "the document has no _id");
    }
    for (String field : List.of("title", "text")) {
      if (RecordFiles.RecordFields.isNested(record, field)) {
        return new Parsed(Optional.empty(), "the document's " + field + " is not a string");
      }
    }
    String title = RecordFiles.RecordFields.scalar(record, "title").orElse("");
    String text = RecordFiles.RecordFields.scalar(record, "text").orElse("");
    return new Parsed(Optional.of(new Corpus.Document(id.get(), title, text)), "");
  }

  Set<Long> leftOut() {
    return leftOut;
  }

  String digest() {
    return digest;
  }
}
