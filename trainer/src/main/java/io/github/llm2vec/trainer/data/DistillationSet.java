/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.tokenizer.PythonText;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.lucene.util.IOUtils;

/**
 * The dataset of distillation: queries and documents, each numbered from 0, and examples that name
 * them by number, so that whoever has a vector for every text has one for every place it is used
 * in. Texts of pairs are kept once, however often they come up. Everything lies on disk.
 *
 * <p>Thread-safe. Owns the files that it writes into its cache.
 *
 * @param queries the queries; none of plain texts
 * @param documents the documents, or the texts that are all alike
 */
public record DistillationSet(TextTable queries, TextTable documents, DiskRows examples, long seed)
    implements Closeable {

  /** The number of an example without a query. */
  public static final int NO_QUERY = -1;

  /**
   * An example of an epoch.
   *
   * @param query number of the query, or {@link #NO_QUERY}
   * @param documents numbers of its positive and, if there is one, its negative; of plain texts the
   *     text itself
   */
  public record Example(int query, List<Integer> documents) {

    /** Copies the list. */
    public Example {
      documents = List.copyOf(documents);
    }
  }

  /**
   * Opens a file of texts that are all alike, as {@link TextFiles} reads it; titles of JSON lines
   * are put before their texts. Blank texts are left out.
   *
   * @param cache the folder for what is kept about them
   * @param most most texts, the first ones
   * @throws DataFormatException if there is none, or a line is not understood
   */
  public static DistillationSet ofTexts(Path file, Path cache, long most, CorruptLines corrupt)
      throws IOException {
    DataFile.requireFile(file);
    String name = DataFile.cacheName(file);
    try (Tables tables = new Tables(cache, name)) {
      try (RecordStream<NamedText> texts = texts(file, corrupt)) {
        Optional<NamedText> text = texts.next();
        for (int place = 0; text.isPresent() && tables.count() < most; place++) {
          NamedText found = text.get();
          if (!PythonText.strip(found.text()).isEmpty()) {
            int number = tables.documents.append(found.text(), place, found.id());
            tables.example(NO_QUERY, List.of(number), List.of());
          }
          text = texts.next();
        }
      }
      requireSome(tables.count(), file);
    }
    return open(cache, name, 0);
  }

  /**
   * Opens pairs or triples, as {@link SupervisedSet} reads plain data; prompts of lines are not
   * read.
   *
   * @param path a file of JSON lines or Parquet, or a folder of such files
   * @param cache the folder for what is kept about them
   * @param most most examples, the first ones
   * @param seed by which one of several positives or negatives is chosen
   */
  public static DistillationSet ofPairs(
      Path path, Path cache, long most, long seed, CorruptLines corrupt) throws IOException {
    String name = DataFile.cacheName(path);
    try (Tables tables = new Tables(cache, name)) {
      for (Path file : ExampleFile.find(path)) {
        try (ExampleFile lines = ExampleFile.open(file, cache, corrupt)) {
          for (long i = 0; i < lines.size() && tables.count() < most; i++) {
            ExampleLine line = lines.read(i);
            tables.example(
                tables.queries.once(line.query()),
                tables.documents.once(line.positives()),
                tables.documents.once(line.negatives()));
          }
        }
      }
      requireSome(tables.count(), path);
    }
    return open(cache, name, seed);
  }

  private static void requireSome(long count, Path path) throws DataFormatException {
    if (count == 0) {
      throw new DataFormatException(path.toString(), 1, "there are no texts in this file");
    }
  }

  private static DistillationSet open(Path cache, String name, long seed) throws IOException {
    List<Closeable> opened = new ArrayList<>();
    try {
      TextTable queries = TextTable.open(cache, name + ".queries");
      opened.add(queries);
      TextTable documents = TextTable.open(cache, name + ".documents");
      opened.add(documents);
      DiskRows examples = DiskRows.open(cache, name + ".examples");
      return new DistillationSet(queries, documents, examples, seed);
    } catch (IOException e) {
      IOUtils.closeWhileHandlingException(opened);
      throw e;
    }
  }

  /** The texts that {@link #ofTexts} reads, blank ones included, one file after another. */
  public static RecordStream<String> texts(List<Path> files, CorruptLines corrupt)
      throws IOException {
    for (Path file : files) {
      DataFile.requireFile(file);
    }
    return new RecordStream.Concatenated<>(
        files, file -> texts(file, corrupt).map(NamedText::text));
  }

  /** Number of examples. */
  public long size() {
    return examples.size();
  }

  /**
   * Reads an example.
   *
   * @param number from 0
   * @param epoch where there are several positives or negatives, each epoch takes others
   */
  public Example example(long number, long epoch) throws IOException {
    ByteBuffer row = ByteBuffer.wrap(examples.read(number));
    SplittableRandom random = new SplittableRandom(seed ^ (epoch << 40) ^ number);
    int query = row.getInt();
    List<Integer> chosen = new ArrayList<>();
    while (row.hasRemaining()) {
      int count = row.getInt();
      int[] numbers = new int[count];
      for (int i = 0; i < count; i++) {
        numbers[i] = row.getInt();
      }
      if (count > 0) {
        chosen.add(numbers[count == 1 ? 0 : random.nextInt(count)]);
      }
    }
    return new Example(query, chosen);
  }

  /** The numbers of all positives of an example. */
  public List<Integer> positives(long number) throws IOException {
    ByteBuffer row = ByteBuffer.wrap(examples.read(number)).position(Integer.BYTES);
    List<Integer> positives = new ArrayList<>();
    for (int left = row.getInt(); left > 0; left--) {
      positives.add(row.getInt());
    }
    return positives;
  }

  @Override
  public void close() throws IOException {
    IOUtils.close(queries, documents, examples);
  }

  /**
   * A text with the id by which vectors name it.
   *
   * @param id its {@code id} or {@code _id}, else its line, from 1
   */
  private record NamedText(String text, String id) {}

  private static RecordStream<NamedText> texts(Path file, CorruptLines corrupt) throws IOException {
    if (DataFile.isJson(file)) {
      TextFiles.TextKey key = new TextFiles.TextKey(file);
      return new RecordStream.Skipping<>(
          JsonRecords.open(file)
              .map(record -> new NamedText(titled(record.values(), key.text(record)), id(record))),
          corrupt);
    }
    int[] line = {0};
    return TextFiles.open(List.of(file), TextStyle.STRIPPED, corrupt)
        .map(text -> new NamedText(text, Integer.toString(++line[0])));
  }

  private static String titled(ObjectNode record, String text) {
    String title = record.path("title").asText("");
    return title.isEmpty() ? text : PythonText.strip(title + " " + text);
  }

  private static String id(JsonRecords.DataRecord record) {
    JsonNode id = record.values().path(record.values().has("id") ? "id" : "_id");
    return id.isValueNode() && !id.isNull() ? id.asText() : Long.toString(record.line());
  }

  /** The texts of one role, by number. */
  public record TextTable(DiskRows rows) implements Closeable {

    private static TextTable open(Path cache, String name) throws IOException {
      return new TextTable(DiskRows.open(cache, name));
    }

    /** Number of texts. */
    public int size() {
      return Math.toIntExact(rows.size());
    }

    /** All texts, in the order of their numbers. */
    public RecordStream<String> texts() {
      int[] next = {0};
      return () -> next[0] < size() ? Optional.of(text(next[0]++)) : Optional.empty();
    }

    /** A text. */
    public String text(int number) throws IOException {
      ByteBuffer row = ByteBuffer.wrap(rows.read(number));
      row.position(2 * Integer.BYTES + row.getInt(Integer.BYTES));
      return StandardCharsets.UTF_8.decode(row).toString();
    }

    /** Its place among the records of the file, blank ones included, from 0. */
    public int place(int number) throws IOException {
      return ByteBuffer.wrap(rows.read(number)).getInt();
    }

    /** The id that its record has, or its line. */
    public String id(int number) throws IOException {
      ByteBuffer row = ByteBuffer.wrap(rows.read(number));
      row.position(2 * Integer.BYTES).limit(2 * Integer.BYTES + row.getInt(Integer.BYTES));
      return StandardCharsets.UTF_8.decode(row).toString();
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }

  /** A table that is written: rows of place, length of the id, id and text. */
  private static final class TableWriter implements Closeable {

    private final DiskRowsWriter rows;
    private final Map<Long, Integer> known = new HashMap<>(); // by 64 bits of their hash

    TableWriter(Path cache, String name) throws IOException {
      rows = DiskRowsWriter.ofRows(cache, name);
    }

    int append(String text, int place, String id) throws IOException {
      byte[] name = id.getBytes(StandardCharsets.UTF_8);
      byte[] words = text.getBytes(StandardCharsets.UTF_8);
      ByteBuffer row = ByteBuffer.allocate(2 * Integer.BYTES + name.length + words.length);
      row.putInt(place).putInt(name.length).put(name).put(words);
      rows.append(row.array());
      return Math.toIntExact(rows.count() - 1);
    }

    /** The number of a text, which is appended if it is new. */
    int once(String text) throws IOException {
      byte[] hash = ContentHash.digest("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      long key = ByteBuffer.wrap(hash).getLong();
      Integer number = known.get(key);
      if (number == null) {
        number = append(text, known.size(), "");
        known.put(key, number);
      }
      return number;
    }

    List<Integer> once(List<String> texts) throws IOException {
      List<Integer> numbers = new ArrayList<>();
      for (String text : texts) {
        numbers.add(once(text));
      }
      return numbers;
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }

  /** The three files of a set that is written. */
  private static final class Tables implements Closeable {

    private final TableWriter queries;
    private final TableWriter documents;
    private final DiskRowsWriter examples;

    Tables(Path cache, String name) throws IOException {
      queries = new TableWriter(cache, name + ".queries");
      documents = new TableWriter(cache, name + ".documents");
      examples = DiskRowsWriter.ofRows(cache, name + ".examples");
    }

    long count() {
      return examples.count();
    }

    void example(int query, List<Integer> positives, List<Integer> negatives) throws IOException {
      ByteBuffer row =
          ByteBuffer.allocate((3 + positives.size() + negatives.size()) * Integer.BYTES);
      row.putInt(query);
      for (List<Integer> numbers : List.of(positives, negatives)) {
        row.putInt(numbers.size());
        numbers.forEach(row::putInt);
      }
      examples.append(row.array());
    }

    @Override
    public void close() throws IOException {
      IOUtils.close(queries, documents, examples);
    }
  }
}
