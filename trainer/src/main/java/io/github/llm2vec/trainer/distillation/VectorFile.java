/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.DataFormatException;
import io.github.llm2vec.trainer.data.DiskRows;
import io.github.llm2vec.trainer.data.DistillationSet;
import io.github.llm2vec.trainer.data.JsonRecords;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Vectors from anywhere, matched with texts: a {@code .npy} array, a {@code .safetensors} file with
 * one matrix, or JSON lines {@code {"id": ..., "embedding": [...]}}, whose vector may also stand
 * under {@code vector}. Ids stand in the lines or, for the other two, a line each in {@code
 * NAME.ids.txt} beside the file, as {@code llm2vec encode} writes it; a text without an id of its
 * own has its line for one. Without ids the vectors must be those of all records of the file of
 * texts, or of all that are not blank, in their order.
 *
 * @param rows of the texts
 */
// Compared by nobody, so that the array does no harm.
@SuppressWarnings("ArrayRecordComponent")
record VectorFile(Path file, Matrix matrix, int[] rows) implements TeacherVectors {

  /** Rows of vectors by number. */
  interface Matrix extends Closeable {

    int rows();

    int columns();

    void read(int row, float[] target) throws IOException;
  }

  /**
   * Opens a file and finds the vector of every text.
   *
   * @param cache the folder for the vectors of JSON lines
   * @throws IOException if the file cannot be read or a text has no vector; the message names it
   */
  static VectorFile open(Path file, DistillationSet.TextTable texts, Path cache)
      throws IOException {
    DataFile.requireFile(file);
    Map<String, Integer> ids = new HashMap<>();
    Matrix matrix = matrix(file, cache, ids);
    try {
      return new VectorFile(file, matrix, match(file, matrix, ids, texts));
    } catch (IOException | RuntimeException e) {
      matrix.close();
      throw e;
    }
  }

  private static Matrix matrix(Path file, Path cache, Map<String, Integer> ids) throws IOException {
    switch (DataFile.extension(file)) {
      case "npy" -> {
        readIds(file, ids);
        return NumpyArray.open(file);
      }
      case "safetensors" -> {
        readIds(file, ids);
        return Tensor.open(file);
      }
      case "jsonl", "json", "ndjson" -> {
        return Lines.open(file, cache, ids);
      }
      default ->
          throw new IOException(
              file + " is none of .npy, .safetensors and .jsonl, in which vectors are read");
    }
  }

  private static void readIds(Path file, Map<String, Integer> ids) throws IOException {
    String name = file.getFileName().toString();
    Path beside = file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".ids.txt");
    if (!Files.exists(beside)) {
      return;
    }
    for (String id : Files.readAllLines(beside)) {
      put(ids, id, beside);
    }
  }

  private static void put(Map<String, Integer> ids, String id, Path file) throws IOException {
    if (ids.put(id, ids.size()) != null) {
      throw new IOException(file + " has the id '" + id + "' twice; every text needs its own");
    }
  }

  private static int[] match(
      Path file, Matrix matrix, Map<String, Integer> ids, DistillationSet.TextTable texts)
      throws IOException {
    if (!ids.isEmpty() && ids.size() != matrix.rows()) {
      throw new IOException(
          file + " has " + matrix.rows() + " vectors, but there are " + ids.size() + " ids");
    }
    int records = texts.place(texts.size() - 1) + 1;
    boolean byPlace = matrix.rows() != texts.size();
    if (ids.isEmpty() && byPlace && matrix.rows() < records) {
      throw new IOException(
          "%s has %s vectors and no ids, but there are %s texts, %s with the blank ones; name the"
                  .formatted(file, matrix.rows(), texts.size(), records)
              + " file of texts that was encoded, or write ids beside the vectors");
    }
    int[] rows = new int[texts.size()];
    for (int text = 0; text < rows.length; text++) {
      if (ids.isEmpty()) {
        rows[text] = byPlace ? texts.place(text) : text;
        continue;
      }
      Integer row = ids.get(texts.id(text));
      if (row == null) {
        throw new IOException(
            file + " has no vector for the text with the id '" + texts.id(text) + "'");
      }
      rows[text] = row;
    }
    return rows;
  }

  @Override
  public int dimensions() {
    return matrix.columns();
  }

  @Override
  public int size() {
    return rows.length;
  }

  @Override
  public float[] read(int text) throws IOException {
    float[] vector = new float[dimensions()];
    matrix.read(rows[text], vector);
    double length = Math.sqrt(Vectors.squaredLength(vector));
    if (!(length > 0 && Double.isFinite(length))) {
      throw new IOException(
          file + ": vector " + (rows[text] + 1) + " is zero or not finite; leave its text out");
    }
    return vector;
  }

  @Override
  public void close() throws IOException {
    matrix.close();
  }

  /** The one matrix of a {@code .safetensors} file. */
  private record Tensor(TensorSource source, String name, int rows, int columns) implements Matrix {

    static Tensor open(Path file) throws IOException {
      TensorSource source = Safetensors.openFile(file);
      List<String> matrices = new ArrayList<>();
      for (String name : source.names()) {
        if (source.shape(name).orElseThrow().length == 2 && source.dtype(name).isPresent()) {
          matrices.add(name);
        }
      }
      if (matrices.size() != 1) {
        source.close();
        throw new IOException(
            file + " must hold one matrix of 16- or 32-bit floats, found " + matrices);
      }
      long[] shape = source.shape(matrices.get(0)).orElseThrow();
      return new Tensor(
          source, matrices.get(0), Math.toIntExact(shape[0]), Math.toIntExact(shape[1]));
    }

    @Override
    public void read(int row, float[] target) throws IOException {
      source.read(name, (long) row * columns, FloatBuffer.wrap(target));
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }

  /** JSON lines, whose numbers are kept as floats on disk. */
  private record Lines(DiskRows values, int columns) implements Matrix {

    static Lines open(Path file, Path cache, Map<String, Integer> ids) throws IOException {
      int[] columns = {0};
      String name = DataFile.cacheName(file) + ".vectors";
      try (RecordStream<JsonRecords.DataRecord> lines = JsonRecords.open(file)) {
        DiskRows rows =
            DiskRows.store(
                cache,
                name,
                file.toString(),
                lines.map(
                    line -> {
                      put(ids, id(file, line), file);
                      byte[] vector = vector(file, line);
                      if (columns[0] != 0 && columns[0] != vector.length / Float.BYTES) {
                        throw problem(file, line, "its vector is not as long as those before it");
                      }
                      columns[0] = vector.length / Float.BYTES;
                      return vector;
                    }),
                Long.MAX_VALUE);
        return new Lines(rows, columns[0]);
      }
    }

    private static String id(Path file, JsonRecords.DataRecord line) throws DataFormatException {
      JsonNode id = line.values().path(line.values().has("id") ? "id" : "_id");
      if (!id.isValueNode() || id.isNull()) {
        throw problem(file, line, "there is no \"id\"");
      }
      return id.asText();
    }

    private static byte[] vector(Path file, JsonRecords.DataRecord line)
        throws DataFormatException {
      JsonNode values = line.values().path(line.values().has("embedding") ? "embedding" : "vector");
      if (!values.isArray() || values.isEmpty()) {
        throw problem(file, line, "there is no list of numbers under \"embedding\"");
      }
      ByteBuffer bytes = ByteBuffer.allocate(values.size() * Float.BYTES);
      for (JsonNode value : values) {
        if (!value.isNumber()) {
          throw problem(file, line, "\"embedding\" holds something that is not a number");
        }
        bytes.putFloat(value.floatValue());
      }
      return bytes.array();
    }

    private static DataFormatException problem(
        Path file, JsonRecords.DataRecord line, String problem) {
      return new DataFormatException(
          file.toString(),
          line.line(),
          problem + "; a line must look like {\"id\": \"1\", \"embedding\": [0.5, -1.25]}");
    }

    @Override
    public int rows() {
      return Math.toIntExact(values.size());
    }

    @Override
    public void read(int row, float[] target) throws IOException {
      ByteBuffer.wrap(values.read(row)).asFloatBuffer().get(target);
    }

    @Override
    public void close() throws IOException {
      values.close();
    }
  }
}
