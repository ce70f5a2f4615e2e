/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import io.github.llm2vec.trainer.data.DataFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of a retrieval dataset in the layout of BEIR and MTEB: {@code corpus.jsonl} and {@code
 * queries.jsonl} (or folders {@code corpus} and {@code queries} of such files), and {@code
 * qrels/SPLIT.tsv} for every split. Every text file may be gzipped. A single {@code qrels.tsv} in
 * the folder itself is the split {@code test}. Parquet files have the hub's names, {@code
 * SPLIT-00000-of-00001.parquet}; judgements in that format may also be in folders {@code default}
 * or {@code data}.
 *
 * @param folder the collection
 * @param corpus files of documents
 * @param queries files of queries
 * @param qrels files of judgements by split
 * @param formats reads files of records
 */
public record RetrievalFolder(
    Path folder,
    List<Path> corpus,
    List<Path> queries,
    SortedMap<String, List<Path>> qrels,
    RecordFormats formats) {

  /** The split of a collection that has only one and does not name it. */
  private static final String ONLY_SPLIT = "test";

  private static final Pattern COLUMNS = Pattern.compile("(.+)\\.(tsv|txt|qrels?)");

  /** Copies the lists. */
  public RetrievalFolder {
    corpus = List.copyOf(corpus);
    queries = List.copyOf(queries);
    qrels = new TreeMap<>(qrels);
  }

  /**
   * Looks for the parts.
   *
   * @throws DatasetException if one is missing
   */
  public static RetrievalFolder locate(Path folder, RecordFormats formats) throws IOException {
    List<Path> corpus = formats.files(folder, "corpus");
    List<Path> queries = formats.files(folder, "queries");
    SortedMap<String, List<Path>> qrels = new TreeMap<>();
    for (String place : List.of("qrels", "default", "data")) {
      if (qrels.isEmpty()) {
        for (Path file : RecordFormats.list(folder.resolve(place))) {
          split(file, formats)
              .ifPresent(split -> qrels.computeIfAbsent(split, any -> new ArrayList<>()).add(file));
        }
      }
    }
    for (Path file : RecordFormats.list(folder)) {
      if (qrels.isEmpty() && split(file, formats).filter("qrels"::equals).isPresent()) {
        qrels.put(ONLY_SPLIT, List.of(file));
      }
    }
    require(folder, !corpus.isEmpty(), "corpus.jsonl (or .jsonl.gz, or a folder corpus)");
    require(folder, !queries.isEmpty(), "queries.jsonl (or .jsonl.gz, or a folder queries)");
    require(folder, !qrels.isEmpty(), "qrels/test.tsv (or qrels.tsv)");
    return new RetrievalFolder(folder, corpus, queries, qrels, formats);
  }

  private static Optional<String> split(Path file, RecordFormats formats) {
    if (formats.accept(file)) {
      return Optional.of(RecordFormats.splitName(file));
    }
    Matcher matcher = COLUMNS.matcher(DataFile.plainName(file));
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private static void require(Path folder, boolean found, String what) throws DatasetException {
    if (!found) {
      throw new DatasetException(
          folder + " has no " + what + "; a retrieval task is a folder in BEIR's layout");
    }
  }

  /** The judgements of a split as they are in its file. */
  Map<String, Map<String, Integer>> readQrels(String split, Findings findings) throws IOException {
    List<Path> parts = qrels.get(split);
    if (parts == null) {
      throw new DatasetException(
          folder + " has no judgements for the split '" + split + "'; it has " + qrels.keySet());
    }
    return QrelsReader.read(parts, formats, findings);
  }
}
