/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/**
 * Reads the indexes of all replicas, without Solr, and compares every document's text and vectors
 * with what they must be, to the last bit.
 *
 * @param texts of all documents, by id
 * @param vectors what the models give for the texts, by field and id
 */
record IndexCheck(Map<String, String> texts, Map<String, Map<String, float[]>> vectors) {

  private static final int SHOWN = 5;

  /**
   * What was found.
   *
   * @param documents copies of documents that were looked at, in all replicas
   * @param compared vectors that were compared
   * @param wrong what is not as it must be; the first few in words
   */
  record Result(long documents, long compared, long wrong, List<String> examples) {}

  /**
   * The folder of the index in a core's folder for data; after a replication it has another name.
   */
  static Path indexFolder(Path data) throws IOException {
    Path named = data.resolve("index.properties");
    Properties properties = new Properties();
    if (Files.exists(named)) {
      try (InputStream input = Files.newInputStream(named)) {
        properties.load(input);
      }
    }
    return data.resolve(properties.getProperty("index", "index"));
  }

  /**
   * Compares.
   *
   * @param shards folders of the indexes of the replicas of each shard
   */
  Result run(Map<String, List<Path>> shards) throws IOException {
    Counter counter = new Counter();
    Set<String> all = new HashSet<>();
    for (Map.Entry<String, List<Path>> shard : shards.entrySet()) {
      List<Set<String>> copies = new ArrayList<>();
      for (Path index : shard.getValue()) {
        Set<String> ids = new HashSet<>();
        try (Directory directory = FSDirectory.open(index);
            DirectoryReader reader = DirectoryReader.open(directory)) {
          for (LeafReaderContext leaf : reader.leaves()) {
            segment(leaf.reader(), ids, counter);
          }
        }
        copies.add(ids);
        all.addAll(ids);
      }
      if (copies.stream().distinct().count() > 1) {
        counter.wrong("the replicas of " + shard.getKey() + " have different documents");
      }
    }
    texts.keySet().stream()
        .filter(id -> !all.contains(id))
        .forEach(id -> counter.wrong("document " + id + " is missing"));
    return new Result(
        counter.documents, counter.compared, counter.wrong, List.copyOf(counter.examples));
  }

  private void segment(LeafReader segment, Set<String> ids, Counter counter) throws IOException {
    Bits live = segment.getLiveDocs();
    StoredFields stored = segment.storedFields();
    @Nullable String[] idOf = new String[segment.maxDoc()];
    for (int number = 0; number < segment.maxDoc(); number++) {
      if (live != null && !live.get(number)) {
        continue;
      }
      Document document = stored.document(number, Set.of("id", "text"));
      String id = document.get("id");
      String text = texts.get(id);
      counter.documents++;
      if (!ids.add(id)) {
        counter.wrong("document " + id + " is there twice");
      } else if (text == null) {
        counter.wrong("document " + id + " should not be there");
      } else if (!text.equals(document.get("text"))) {
        counter.wrong("document " + id + " has the text " + document.get("text"));
      } else {
        idOf[number] = id;
      }
    }
    for (Map.Entry<String, Map<String, float[]>> field : vectors.entrySet()) {
      compare(segment, field.getKey(), field.getValue(), idOf.clone(), counter);
    }
  }

  private static void compare(
      LeafReader segment, String field, Map<String, float[]> wanted, String[] idOf, Counter counter)
      throws IOException {
    FloatVectorValues values = segment.getFloatVectorValues(field);
    while (values != null && values.nextDoc() != FloatVectorValues.NO_MORE_DOCS) {
      String id = idOf[values.docID()];
      if (id != null) {
        counter.compared++;
        if (!Arrays.equals(values.vectorValue(), wanted.get(id))) {
          counter.wrong("document " + id + " has another vector in " + field);
        }
        idOf[values.docID()] = null;
      }
    }
    for (@Nullable String id : idOf) {
      if (id != null) {
        counter.wrong("document " + id + " has no vector in " + field);
      }
    }
  }

  private static final class Counter {
    private final List<String> examples = new ArrayList<>();
    private long documents;
    private long compared;
    private long wrong;

    private void wrong(String what) {
      wrong++;
      if (examples.size() < SHOWN) {
        examples.add(what);
      }
    }
  }
}
