/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Writes small collections for tests. */
public final class CollectionFiles {

  private final Path folder;
  private final List<Finding> findings = new ArrayList<>();

  public CollectionFiles(Path folder) {
    this.folder = folder;
  }

  /** Three documents, two queries, two judgements, nothing wrong. */
  public static CollectionFiles sound(Path folder) throws IOException {
    return new CollectionFiles(folder)
        .write(
            "corpus.jsonl",
            "{'_id':'d1','title':'Cats','text':'Cats sleep.'}",
            "{'_id':'d2','title':'','text':'Dogs bark.'}",
            "{'_id':'d3','text':'Fish swim.'}")
        .write(
            "queries.jsonl", "{'_id':'q1','text':'who sleeps'}", "{'_id':'q2','text':'who swims'}")
        .write("qrels/test.tsv", "query-id\tcorpus-id\tscore", "q1\td1\t1", "q2\td3\t2");
  }

  /** Writes a file; single quotes stand for double ones, {@code .gz} is zipped. */
  public CollectionFiles write(String name, String... lines) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    String content = String.join("\n", lines).replace('\'', '"') + "\n";
    try (OutputStream raw = Files.newOutputStream(file);
        OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(raw) : raw) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return this;
  }

  public CollectionFiles delete(String name) throws IOException {
    Files.delete(folder.resolve(name));
    return this;
  }

  /** Loads a split leniently and keeps the findings. */
  public RetrievalDataset load(String split) throws IOException {
    findings.clear();
    return RetrievalDataset.load(
        RetrievalFolder.locate(folder, RecordFormats.DEFAULTS),
        split,
        folder.resolve("work"),
        Findings.lenient(findings::add));
  }

  public RetrievalDataset loadStrictly() throws IOException {
    return RetrievalDataset.load(
        RetrievalFolder.locate(folder, RecordFormats.DEFAULTS),
        "test",
        folder.resolve("work"),
        Findings.strict());
  }

  /** The findings of the last load, without the folder in front. */
  public List<String> findings() {
    return findings.stream()
        .map(finding -> finding.toString().substring(folder.toString().length() + 1))
        .toList();
  }
}
