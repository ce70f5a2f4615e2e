/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.DummyRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/**
 * Reads rows of a Parquet file as hub datasets have them: columns of texts, of numbers, and lists
 * of either. One row group is in memory at a time. Not thread-safe.
 */
public final class ParquetRows implements RecordStream<Map<String, Object>> {

  private final String source;
  private final ParquetFileReader reader;
  private final List<Type> columns;
  private final Map<String, ColumnReader> open = new LinkedHashMap<>();
  private long left;
  private long row;

  private ParquetRows(String source, ParquetFileReader reader, List<Type> columns) {
    this.source = source;
    this.reader = reader;
    this.columns = columns;
  }

  /** Names of the columns of a file, in its order. */
  public static List<String> columnNames(Path file) throws IOException {
    try (ParquetFileReader reader = reader(file)) {
      return reader.getFileMetaData().getSchema().getFields().stream().map(Type::getName).toList();
    }
  }

  /**
   * Opens a file.
   *
   * @param wanted the columns to read; the others cost nothing
   * @throws DataFormatException if a column is missing or holds something else
   */
  public static ParquetRows open(Path file, List<String> wanted) throws IOException {
    ParquetFileReader reader = reader(file);
    try {
      MessageType schema = reader.getFileMetaData().getSchema();
      List<Type> columns = new ArrayList<>();
      for (String name : wanted) {
        columns.add(column(file, schema, name));
      }
      reader.setRequestedSchema(new MessageType(schema.getName(), columns));
      return new ParquetRows(file.toString(), reader, columns);
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  private static ParquetFileReader reader(Path file) throws IOException {
    DataFile.requireFile(file);
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new ParquetCodecs())
            .build();
    try {
      return ParquetFileReader.open(new LocalInputFile(file), options);
    } catch (RuntimeException e) {
      // The library tells of broken files by exceptions of its own that are not checked.
      throw notParquet(file.toString(), e);
    }
  }

  /** Not a row that could be left out: nothing after it can be read. */
  private static IOException notParquet(String source, RuntimeException cause) {
    return new IOException(
        source + ": cannot be read as Parquet (" + cause.getMessage() + "); copy it anew", cause);
  }

  private static Type column(Path file, MessageType schema, String name)
      throws DataFormatException {
    if (!schema.containsField(name)) {
      throw new DataFormatException(
          file.toString(),
          1,
          "there is no column \"%s\"; the columns are %s"
              .formatted(name, schema.getFields().stream().map(Type::getName).toList()));
    }
    Type type = schema.getType(name);
    MessageType alone = new MessageType(schema.getName(), type);
    List<ColumnDescriptor> leaves = alone.getColumns();
    boolean understood =
        leaves.size() == 1
            && leaves.get(0).getMaxRepetitionLevel() <= 1
            && switch (leaves.get(0).getPrimitiveType().getPrimitiveTypeName()) {
              case BINARY, INT32, INT64, FLOAT, DOUBLE -> true;
              default -> false;
            };
    if (!understood) {
      throw new DataFormatException(
          file.toString(), 1, "column \"" + name + "\" is neither texts nor numbers: " + type);
    }
    return type;
  }

  /** Number of the row last read, from 1. */
  public long row() {
    return row;
  }

  /** A message about the row last read. */
  public DataFormatException problem(String problem) {
    return new DataFormatException(source, row, problem);
  }

  /**
   * Values are {@code String}, {@code Long}, {@code Double}, or lists; a missing one is left out.
   */
  @Override
  public Optional<Map<String, Object>> next() throws IOException {
    try {
      while (left == 0) {
        PageReadStore group = reader.readNextRowGroup();
        if (group == null) {
          return Optional.empty();
        }
        openGroup(group);
      }
      left--;
      row++;
      Map<String, Object> values = new LinkedHashMap<>();
      for (Type column : columns) {
        boolean list = !column.isPrimitive();
        value(Objects.requireNonNull(open.get(column.getName()), column.getName()), list)
            .ifPresent(value -> values.put(column.getName(), value));
      }
      return Optional.of(values);
    } catch (RuntimeException e) {
      throw notParquet(source, e);
    }
  }

  private void openGroup(PageReadStore group) {
    MessageType schema = new MessageType("rows", columns);
    ColumnReadStoreImpl store =
        new ColumnReadStoreImpl(
            group,
            new DummyRecordConverter(schema).getRootConverter(),
            schema,
            reader.getFileMetaData().getCreatedBy());
    open.clear();
    for (ColumnDescriptor leaf : schema.getColumns()) {
      open.put(leaf.getPath()[0], store.getColumnReader(leaf));
    }
    left = group.getRowCount();
  }

  private static Optional<Object> value(ColumnReader column, boolean list) {
    int complete = column.getDescriptor().getMaxDefinitionLevel();
    List<Object> items = new ArrayList<>();
    do {
      if (column.getCurrentDefinitionLevel() == complete) {
        items.add(scalar(column));
      }
      column.consume();
    } while (column.getCurrentRepetitionLevel() > 0);
    if (list) {
      return Optional.of(items);
    }
    return items.isEmpty() ? Optional.empty() : Optional.of(items.get(0));
  }

  private static Object scalar(ColumnReader column) {
    PrimitiveTypeName type = column.getDescriptor().getPrimitiveType().getPrimitiveTypeName();
    return switch (type) {
      case INT32 -> (long) column.getInteger();
      case INT64 -> column.getLong();
      case FLOAT -> (double) column.getFloat();
      case DOUBLE -> column.getDouble();
      default -> column.getBinary().toStringUsingUTF8();
    };
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
