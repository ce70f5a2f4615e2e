/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.FilterCodec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WideVectorsFormatTest {

  private static final int WIDE = 4096;

  @ParameterizedTest
  @ValueSource(ints = {1024, 1025, WIDE, 5120})
  void writesVectorsOfAnyLengthAndStockLuceneSearchesThem(int dimensions) throws Exception {
    float[] vector = unit(dimensions);
    try (Directory directory = new ByteBuffersDirectory()) {
      write(directory, VectorFormatOptions.DEFAULTS, vector);
      // Opening an index does not use the codec it was written with: only its name counts.
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        float score =
            new IndexSearcher(reader)
                .search(new KnnFloatVectorQuery("v", vector, 1), 1)
                .scoreDocs[0]
                .score;
        assertEquals(1, score, 1e-5);
      }
    }
  }

  @Test
  void stockLuceneChecksTheIndexAndMergesItIntoItsOwnFormat() throws Exception {
    VectorFormatOptions int8 =
        VectorFormatOptions.DEFAULTS.withQuantization(VectorQuantization.INT8);
    try (Directory directory = new ByteBuffersDirectory()) {
      write(directory, int8, unit(WIDE));
      write(directory, int8, unit(WIDE));
      try (CheckIndex check = new CheckIndex(directory)) {
        assertTrue(check.checkIndex().clean);
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        assertEquals(2, reader.leaves().size());
      }
      try (IndexWriter writer =
          new IndexWriter(directory, new IndexWriterConfig(new KeywordAnalyzer()))) {
        writer.forceMerge(1);
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        assertEquals(2, reader.leaves().get(0).reader().numDocs());
        assertFalse(VectorFieldChecks.isQuantized(reader, "v"));
      }
    }
  }

  @Test
  void stockLuceneRefusesWhatTheWideFormatTakes() throws Exception {
    try (Directory directory = new ByteBuffersDirectory();
        IndexWriter writer =
            new IndexWriter(directory, new IndexWriterConfig(new KeywordAnalyzer()))) {
      assertThrows(IllegalArgumentException.class, () -> writer.addDocument(document(unit(WIDE))));
    }
  }

  @Test
  void rejectsVectorsAboveTheConfiguredLimit() throws Exception {
    try (Directory directory = new ByteBuffersDirectory()) {
      VectorFormatOptions options = VectorFormatOptions.DEFAULTS.withMaxDimensions(2000);
      IllegalArgumentException failure =
          assertThrows(IllegalArgumentException.class, () -> write(directory, options, unit(2001)));
      assertTrue(failure.getMessage().contains("2000"), failure.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = VectorQuantization.class,
      names = {"FLOAT32", "INT8", "INT4"})
  void writesTheFormatOfTheQuantizationUnderTheNameOfLucene(VectorQuantization quantization)
      throws Exception {
    Map<VectorQuantization, String> names =
        Map.of(
            VectorQuantization.FLOAT32, "Lucene99HnswVectorsFormat",
            VectorQuantization.INT8, "Lucene99HnswScalarQuantizedVectorsFormat",
            VectorQuantization.INT4, "Lucene99HnswScalarQuantizedVectorsFormat");
    try (Directory directory = new ByteBuffersDirectory()) {
      write(directory, VectorFormatOptions.DEFAULTS.withQuantization(quantization), unit(2048));
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        FieldInfo info = reader.leaves().get(0).reader().getFieldInfos().fieldInfo("v");
        assertEquals(
            names.get(quantization),
            info.getAttribute(PerFieldKnnVectorsFormat.PER_FIELD_FORMAT_KEY));
        assertEquals(
            quantization != VectorQuantization.FLOAT32, VectorFieldChecks.isQuantized(reader, "v"));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32,.vec,4096", "INT8,.veq,1024", "INT4,.veq,512"})
  void searchedFilesHaveTheBytesThatTheQuantizationPromises(
      VectorQuantization quantization, String suffix, int bytes) throws Exception {
    assertEquals(bytes, quantization.searchedBytes(1024));
    try (Directory directory = new ByteBuffersDirectory()) {
      IndexWriterConfig config =
          Llm2VecCodec.writerConfig(
                  new KeywordAnalyzer(),
                  VectorFormatOptions.DEFAULTS.withQuantization(quantization))
              .setUseCompoundFile(false);
      try (IndexWriter writer = new IndexWriter(directory, config)) {
        for (int i = 0; i < 50; i++) {
          writer.addDocument(document(unit(1024)));
        }
      }
      long length = 0;
      for (String file : directory.listAll()) {
        length += file.endsWith(suffix) ? directory.fileLength(file) : 0;
      }
      // A quantised vector carries a correction of 4 bytes; header and footer are some hundred.
      assertEquals(50.0 * bytes, (double) length, 50 * 4 + 300);
    }
  }

  @Test
  void mergesWithSeveralWorkersOnTheSchedulersThreadsAndOnAnExecutor() throws Exception {
    VectorFormatOptions options = VectorFormatOptions.DEFAULTS.withNumMergeWorkers(2);
    ExecutorService executor = Executors.newFixedThreadPool(2, task -> new Thread(task, "merge"));
    try {
      mergesTo(300, WideVectorsFormat.of(options));
      mergesTo(300, WideVectorsFormat.of(options, executor));
    } finally {
      executor.shutdown();
    }
  }

  private static void mergesTo(int documents, KnnVectorsFormat format) throws Exception {
    try (Directory directory = new ByteBuffersDirectory()) {
      IndexWriterConfig config =
          new IndexWriterConfig(new KeywordAnalyzer())
              .setCodec(Llm2VecCodec.over(Codec.getDefault(), field -> format));
      Random random = new Random(3);
      try (IndexWriter writer = new IndexWriter(directory, config)) {
        for (int i = 0; i < documents; i++) {
          writer.addDocument(document(new float[] {random.nextFloat(), random.nextFloat(), 1}));
          if (i % 100 == 0) {
            writer.flush();
          }
        }
        writer.forceMerge(1);
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        assertEquals(1, reader.leaves().size());
        assertEquals(
            documents,
            new IndexSearcher(reader)
                .count(new KnnFloatVectorQuery("v", new float[] {0, 0, 1}, documents)));
      }
    }
  }

  @Test
  void choosesTheFormatPerField() {
    KnnVectorsFormat floats = WideVectorsFormat.of(VectorFormatOptions.DEFAULTS);
    KnnVectorsFormat bytes =
        WideVectorsFormat.of(
            VectorFormatOptions.DEFAULTS.withQuantization(VectorQuantization.INT8));
    Codec codec =
        Llm2VecCodec.over(Codec.getDefault(), field -> field.startsWith("byte_") ? bytes : floats);
    assertEquals(Codec.getDefault().getName(), codec.getName());
    PerFieldKnnVectorsFormat perField = (PerFieldKnnVectorsFormat) codec.knnVectorsFormat();
    assertEquals(bytes, perField.getKnnVectorsFormatForField("byte_title"));
    assertEquals(floats, perField.getKnnVectorsFormatForField("title"));
  }

  @Test
  void rejectsABaseCodecThatCannotHoldAnotherFormat() {
    Codec fixed =
        new FilterCodec("Fixed", Codec.getDefault()) {
          @Override
          public KnnVectorsFormat knnVectorsFormat() {
            return KnnVectorsFormat.EMPTY;
          }
        };
    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class,
            () -> Llm2VecCodec.over(fixed, field -> KnnVectorsFormat.EMPTY));
    assertTrue(failure.getMessage().contains("Fixed"), failure.getMessage());
  }

  @Test
  void rejectsImpossibleOptions() {
    VectorFormatOptions defaults = VectorFormatOptions.DEFAULTS;
    assertMessage("hnswM must be between 1 and 512, got 513", () -> defaults.withGraph(513, 100));
    assertMessage("beamWidth must be between 1 and 3200, got 0", () -> defaults.withGraph(16, 0));
    assertMessage(
        "maxDimensions must be between 1 and 2147483647, got 0",
        () -> defaults.withMaxDimensions(0));
    assertMessage(
        "numMergeWorkers must be between 1 and 2147483647, got -1",
        () -> defaults.withNumMergeWorkers(-1));
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      assertMessage(
          "numMergeWorkers is 1, so the merge executor would do nothing; raise it or leave the"
              + " executor out",
          () -> WideVectorsFormat.of(defaults, executor));
    } finally {
      executor.shutdown();
    }
  }

  private static void assertMessage(String expected, Runnable call) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  @Test
  void keepsEveryBitOfTheFloatsBesideQuantizedVectors() throws Exception {
    float[] vector = unit(WIDE);
    try (Directory directory = new ByteBuffersDirectory()) {
      write(
          directory,
          VectorFormatOptions.DEFAULTS.withQuantization(VectorQuantization.INT4),
          vector);
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        StoredVectors stored =
            LuceneShim.vectors(reader.leaves().get(0).reader(), "v").orElseThrow();
        assertEquals(0, stored.documents().nextDoc());
        assertArrayEquals(vector, stored.vector());
      }
    }
  }

  private static void write(Directory directory, VectorFormatOptions options, float[] vector)
      throws Exception {
    try (IndexWriter writer =
        new IndexWriter(directory, Llm2VecCodec.writerConfig(new KeywordAnalyzer(), options))) {
      writer.addDocument(document(vector));
    }
  }

  private static Document document(float[] vector) {
    Document document = new Document();
    document.add(new KnnFloatVectorField("v", vector, VectorSimilarityFunction.COSINE));
    return document;
  }

  private static float[] unit(int dimensions) {
    return new ClusteredVectors(1, 1, dimensions, 0.5).next(1)[0];
  }
}
