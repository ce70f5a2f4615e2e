/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnByteVectorField;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;

class TextVectorFieldTest {

  private static final float[] THREE_FOUR = {3, 4};

  @Test
  void normalizedFieldHoldsUnitVectorsForTheDotProduct() {
    TextVectorField field = normalized(THREE_FOUR.clone());
    KnnFloatVectorField written = field.field("a text").orElseThrow();
    assertArrayEquals(new float[] {0.6f, 0.8f}, written.vectorValue());
    assertEquals(
        VectorSimilarityFunction.DOT_PRODUCT, written.fieldType().vectorSimilarityFunction());
    assertArrayEquals(new float[] {0.6f, 0.8f}, normalized(THREE_FOUR.clone()).queryVector("q"));
  }

  @Test
  void asEncodedFieldKeepsLengthsAndComparesByCosine() {
    TextVectorField field =
        TextVectorField.asEncoded("v", new FixedEncoder(2, "aa", THREE_FOUR.clone()));
    KnnFloatVectorField written = field.field("a text").orElseThrow();
    assertArrayEquals(THREE_FOUR, written.vectorValue());
    assertEquals(VectorSimilarityFunction.COSINE, written.fieldType().vectorSimilarityFunction());
  }

  @Test
  void unitVectorsKeepTheirBits() {
    float[] unit = new ClusteredVectors(5, 1, 4096, 1).next(1)[0];
    float[] given = unit.clone();
    TextVectorField field = TextVectorField.normalized("v", new FixedEncoder(4096, "aa", given));
    assertArrayEquals(unit, field.queryVector("q"));
  }

  @Test
  void encodesABatchInOneCallWithoutItsBlankTexts() {
    HashedWordsEncoder encoder = new HashedWordsEncoder(8);
    TextVectorField field = TextVectorField.normalized("v", encoder);
    List<Optional<KnnFloatVectorField>> fields = field.fields(List.of("red fox", " \n", "", "cow"));
    assertEquals(1, encoder.calls());
    assertEquals(4, fields.size());
    assertTrue(fields.get(1).isEmpty() && fields.get(2).isEmpty());
    assertArrayEquals(
        field.field("cow").orElseThrow().vectorValue(), fields.get(3).orElseThrow().vectorValue());
    assertEquals(List.of(Optional.empty()), field.fields(List.of("")));
    assertEquals(2, encoder.calls());
  }

  @Test
  void usesThePromptsOfDocumentsAndQueries() {
    List<Prompt> seen = new ArrayList<>();
    TextEncoder recording =
        new TextEncoder() {
          @Override
          public int dimensions() {
            return 1;
          }

          @Override
          public String fingerprint() {
            return "aa";
          }

          @Override
          public float[][] encode(List<String> texts, Prompt prompt) {
            seen.add(prompt);
            return new float[][] {{1}};
          }

          @Override
          public void close() {}
        };
    TextVectorField field =
        TextVectorField.normalized("v", recording)
            .withPrompts(Prompt.document("Represent:"), Prompt.query("Find:"));
    field.field("a");
    field.queryVector("b");
    assertEquals(List.of(Prompt.document("Represent:"), Prompt.query("Find:")), seen);
  }

  @Test
  void aZeroVectorLeavesTheDocumentWithoutVectorAndFailsTheQuery() {
    TextVectorField field = normalized(new float[2]);
    assertTrue(field.field("nothing but stop words").isEmpty());
    assertMessage(
        IllegalArgumentException.class,
        "the query 'q' on vector field 'v' has a zero vector, which is near to nothing",
        () -> field.queryVector("q"));
  }

  @Test
  void rejectsABlankQuery() {
    assertMessage(
        IllegalArgumentException.class,
        "a query on vector field 'v' needs a text, got ' '",
        () -> normalized(THREE_FOUR.clone()).queryVector(" "));
  }

  @Test
  void rejectsWhatIsNotAVector() {
    assertMessage(
        IllegalStateException.class,
        "the encoder of vector field 'v' returned NaN in dimension 1 for the text 'a text'; check"
            + " the model's weights and its dtype",
        () -> normalized(new float[] {1, Float.NaN}).field("a text"));
    assertMessage(
        IllegalStateException.class,
        "the encoder of vector field 'v' promised 2 dimensions and returned 3 for the text '"
            + "x".repeat(60)
            + "...' (100 characters)",
        () -> normalized(new float[3]).queryVector("x".repeat(100)));
    assertMessage(
        IllegalStateException.class,
        "the encoder of vector field 'v' returned 1 vectors for 2 texts",
        () -> normalized(THREE_FOUR.clone()).fields(List.of("a", "b")));
  }

  @Test
  void acceptsTheIndexItWroteAndAnEmptyOne() throws Exception {
    TextVectorField field = normalized(THREE_FOUR.clone());
    try (DirectoryReader reader = index(field.field("a text").orElseThrow())) {
      assertDoesNotThrow(() -> field.checkAgainst(reader));
    }
    try (DirectoryReader reader = index()) {
      assertDoesNotThrow(() -> field.checkAgainst(reader));
    }
  }

  @Test
  void queriesMayHaveAnEncoderOfTheirOwn() throws Exception {
    TextVectorField field =
        normalized(THREE_FOUR.clone())
            .withQueryEncoder(new FixedEncoder(2, "bb", new float[] {8, 6}));
    assertArrayEquals(new float[] {0.8f, 0.6f}, field.queryVector("q"));
    IndexableField written = field.field("a text").orElseThrow();
    // What fills the index counts, so that the documents' encoder alone still fits.
    try (DirectoryReader reader = index(written)) {
      assertDoesNotThrow(() -> field.checkAgainst(reader));
      assertDoesNotThrow(() -> normalized(THREE_FOUR.clone()).checkAgainst(reader));
    }
    assertMessage(
        IllegalArgumentException.class,
        "vector field 'v': the queries' encoder gives vectors of 3 dimensions, the documents' of 2",
        () -> field.withQueryEncoder(new FixedEncoder(3, "bb")));
  }

  @Test
  void acceptsAnIndexThatAnotherProgramWroteWithoutFingerprint() throws Exception {
    try (DirectoryReader reader =
        index(
            new KnnFloatVectorField(
                "v", new float[] {0, 1}, VectorSimilarityFunction.DOT_PRODUCT))) {
      assertDoesNotThrow(() -> normalized(THREE_FOUR.clone()).checkAgainst(reader));
    }
  }

  @Test
  void namesWhatDiffersFromTheIndex() throws Exception {
    IndexableField written = normalized(THREE_FOUR.clone()).field("a text").orElseThrow();
    assertRefused(
        TextVectorField.normalized("w", new FixedEncoder(2, "aa")),
        "the index has no field 'w'; its vector fields are [v]",
        written);
    assertRefused(
        TextVectorField.normalized("v", new FixedEncoder(3, "aa")),
        "vector field 'v' has 2 dimensions in the index, the query vector has 3",
        written);
    assertRefused(
        TextVectorField.asEncoded("v", new FixedEncoder(2, "aa")),
        "vector field 'v' is compared by DOT_PRODUCT in the index, by COSINE in the query",
        written);
    assertRefused(
        TextVectorField.normalized("v", new FixedEncoder(2, "bb")),
        "vector field 'v' was filled by encoder aa, the queries come from encoder bb; open the"
            + " model that wrote the index or index again",
        written);
    assertRefused(
        TextVectorField.normalized("v", new FixedEncoder(2, "aa")),
        "field 'v' is in the index, but it is not a vector field",
        new StringField("v", "text", Field.Store.NO));
    assertRefused(
        TextVectorField.normalized("v", new FixedEncoder(2, "aa")),
        "vector field 'v' holds BYTE vectors, expected FLOAT32",
        new KnnByteVectorField("v", new byte[2], VectorSimilarityFunction.DOT_PRODUCT));
  }

  @Test
  void keepsTheFingerprintThroughMerges() throws Exception {
    TextVectorField field = TextVectorField.normalized("v", new HashedWordsEncoder(2));
    try (Directory directory = new ByteBuffersDirectory()) {
      try (IndexWriter writer =
          new IndexWriter(directory, new IndexWriterConfig(new KeywordAnalyzer()))) {
        for (String text : List.of("one", "", "three")) {
          Document document = new Document();
          field.field(text).ifPresent(document::add);
          writer.addDocument(document);
          writer.flush();
        }
        writer.forceMerge(1);
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        assertEquals(1, reader.leaves().size());
        assertDoesNotThrow(() -> field.checkAgainst(reader));
        TextVectorField other = TextVectorField.normalized("v", new FixedEncoder(2, "other"));
        assertThrows(IllegalArgumentException.class, () -> other.checkAgainst(reader));
      }
    }
  }

  private static void assertRefused(TextVectorField field, String message, IndexableField written)
      throws Exception {
    try (DirectoryReader reader = index(written)) {
      assertMessage(IllegalArgumentException.class, message, () -> field.checkAgainst(reader));
    }
  }

  private static DirectoryReader index(IndexableField... fields) throws Exception {
    Directory directory = new ByteBuffersDirectory();
    try (IndexWriter writer =
        new IndexWriter(directory, new IndexWriterConfig(new KeywordAnalyzer()))) {
      for (IndexableField field : fields) {
        writer.addDocument(List.of(field));
      }
    }
    DirectoryReader reader = DirectoryReader.open(directory);
    assertFalse(reader.hasDeletions());
    return reader;
  }

  private static TextVectorField normalized(float[] vector) {
    return TextVectorField.normalized("v", new FixedEncoder(2, "aa", vector));
  }

  private static void assertMessage(
      Class<? extends RuntimeException> type, String message, Runnable call) {
    assertEquals(message, assertThrows(type, call::run).getMessage());
  }
}
