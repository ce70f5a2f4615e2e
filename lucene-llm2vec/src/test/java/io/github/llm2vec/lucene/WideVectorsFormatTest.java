/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.lucene.ExactRescorer.StoredVectors;
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
import org.apache.lucene.util.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
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
  @MethodSource("io.github.llm2vec.lucene.ReleaseFormat#all")
  void writesTheFormatOfTheQuantizationUnderTheNameOfLucene(ReleaseFormat format) throws Exception {
    VectorFormatOptions options =
        VectorFormatOptions.DEFAULTS.withQuantization(format.quantization());
    try (Directory directory = new ByteBuffersDirectory()) {
      write(directory, options, unit(2048));
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        FieldInfo info = reader.leaves().get(0).reader().getFieldInfos().fieldInfo("v");
        assertEquals(
            format.name(), info.getAttribute(PerFieldKnnVectorsFormat.PER_FIELD_FORMAT_KEY));
        assertEquals(
            format.quantization() != VectorQuantization.FLOAT32,
            VectorFieldChecks.isQuantized(reader, "v"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(VectorQuantization.class)
  void quantizationThatThisLuceneLacksIsRefused(VectorQuantization quantization) {
    VectorFormatOptions options = VectorFormatOptions.DEFAULTS.withQuantization(quantization);
    if (ReleaseFormat.all().anyMatch(format -> format.quantization() == quantization)) {
      assertDoesNotThrow(() -> WideVectorsFormat.of(options));
    } else {
      assertEquals(
          "Lucene %s has no format for %s vectors; use INT8 or INT4"
              .formatted(Version.LATEST, quantization),
          assertThrows(UnsupportedOperationException.class, () -> WideVectorsFormat.of(options))
              .getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("io.github.llm2vec.lucene.ReleaseFormat#all")
  void searchedFilesHaveTheBytesThatTheQuantizationPromises(ReleaseFormat format) throws Exception {
    // A quantised vector carries at most four numbers that correct it.
    int corrections = format.bytes() - (int) format.quantization().searchedBytes(1024);
    assertTrue(corrections >= 0 && corrections <= 16, corrections + " bytes of corrections");
    try (Directory directory = new ByteBuffersDirectory()) {
      IndexWriterConfig config =
          Llm2VecCodec.writerConfig(
                  new KeywordAnalyzer(),
                  VectorFormatOptions.DEFAULTS.withQuantization(format.quantization()))
              .setUseCompoundFile(false);
      try (IndexWriter writer = new IndexWriter(directory, config)) {
        for (int i = 0; i < 50; i++) {
          writer.addDocument(document(unit(1024)));
        }
      }
      long length = 0;
      for (String file : directory.listAll()) {
        length += file.endsWith(format.suffix()) ? directory.fileLength(file) : 0;
      }
      // Header, padding and footer are some hundred.
      assertEquals(50.0 * format.bytes(), (double) length, 300);
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
