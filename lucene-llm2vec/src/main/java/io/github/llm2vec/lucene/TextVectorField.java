/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.VectorSimilarityFunction;

/**
 * A Lucene vector field and the encoder that fills it: the one description that indexing and
 * searching share, so that both use the same model, prompts, length and similarity.
 *
 * <p>There are two ways to keep vectors, and both rank by cosine. {@link #normalized} scales every
 * vector to length 1 and compares by {@code DOT_PRODUCT}, which needs a third of the work of a
 * cosine; it is the one to use. {@link #asEncoded} keeps the lengths, for other readers of the
 * index that want them, and compares by {@code COSINE}. {@code DOT_PRODUCT} over vectors of other
 * lengths would give wrong scores without an error, so it is not offered.
 *
 * <p>A blank text has no vector: the document is indexed without one and words still find it. The
 * same holds for a text whose vector is zero, because a zero vector has no direction and Lucene
 * would score it NaN or 0.5 against everything. In a query both are an error.
 *
 * <p>The encoder's fingerprint is written into the index as an attribute of the field, so that
 * {@link #checkAgainst} can tell a query encoder that does not belong to the index.
 *
 * <p>Immutable and thread-safe. The encoder is not closed by this class.
 */
public final class TextVectorField {

  /** Name of the field attribute that holds the fingerprint of the encoder. */
  public static final String FINGERPRINT_ATTRIBUTE = "llm2vec.fingerprint";

  private final String name;
  private final TextEncoder encoder;
  private final TextEncoder queryEncoder;
  private final Prompt documentPrompt;
  private final Prompt queryPrompt;
  private final boolean normalize;
  private final FieldType type;

  private TextVectorField(
      String name,
      TextEncoder encoder,
      TextEncoder queryEncoder,
      Prompt documentPrompt,
      Prompt queryPrompt,
      boolean normalize) {
    this.name = Objects.requireNonNull(name, "name");
    this.encoder = Objects.requireNonNull(encoder, "encoder");
    this.queryEncoder = Objects.requireNonNull(queryEncoder, "queryEncoder");
    if (queryEncoder.dimensions() != encoder.dimensions()) {
      throw new IllegalArgumentException(
          "vector field '%s': the queries' encoder gives vectors of %s dimensions, the documents' of %s"
              .formatted(name, queryEncoder.dimensions(), encoder.dimensions()));
    }
    this.documentPrompt = Objects.requireNonNull(documentPrompt, "documentPrompt");
    this.queryPrompt = Objects.requireNonNull(queryPrompt, "queryPrompt");
    this.normalize = normalize;
    FieldType wanted =
        new FieldType(KnnFloatVectorField.createFieldType(encoder.dimensions(), similarity()));
    wanted.putAttribute(FINGERPRINT_ATTRIBUTE, encoder.fingerprint());
    wanted.freeze();
    this.type = wanted;
  }

  /**
   * A field of vectors of length 1, compared by {@code DOT_PRODUCT}.
   *
   * @param name the field's name in the index
   * @param encoder fills the field and encodes the queries on it
   */
  public static TextVectorField normalized(String name, TextEncoder encoder) {
    return new TextVectorField(name, encoder, encoder, Prompt.document(), Prompt.query(), true);
  }

  /**
   * A field of vectors as the encoder gives them, compared by {@code COSINE}.
   *
   * @param name the field's name in the index
   * @param encoder fills the field and encodes the queries on it
   */
  public static TextVectorField asEncoded(String name, TextEncoder encoder) {
    return new TextVectorField(name, encoder, encoder, Prompt.document(), Prompt.query(), false);
  }

  /** This field with other prompts than {@link Prompt#document()} and {@link Prompt#query()}. */
  public TextVectorField withPrompts(Prompt forDocuments, Prompt forQueries) {
    return new TextVectorField(name, encoder, queryEncoder, forDocuments, forQueries, normalize);
  }

  /**
   * This field with an encoder of its own for queries: one that was trained to give the vectors
   * that the documents' encoder gives, such as a smaller model that was distilled from it. Whether
   * it was is the caller's to know; the index is still compared with the documents' encoder.
   *
   * @param forQueries encodes the queries, as wide as the field; not closed by this class
   * @throws IllegalArgumentException if its vectors have another length
   */
  public TextVectorField withQueryEncoder(TextEncoder forQueries) {
    return new TextVectorField(name, encoder, forQueries, documentPrompt, queryPrompt, normalize);
  }

  /** The field's name in the index. */
  public String name() {
    return name;
  }

  /** Length of the vectors. */
  public int dimensions() {
    return encoder.dimensions();
  }

  /** How Lucene compares the vectors. */
  public VectorSimilarityFunction similarity() {
    return normalize ? VectorSimilarityFunction.DOT_PRODUCT : VectorSimilarityFunction.COSINE;
  }

  /** Identity of the encoder that fills the field. */
  public String fingerprint() {
    return encoder.fingerprint();
  }

  /** The field for one text; see {@link #fields}. */
  public Optional<KnnFloatVectorField> field(String text) {
    return fields(List.of(text)).get(0);
  }

  /**
   * Encodes texts in one call of the encoder.
   *
   * @param texts document texts
   * @return one field per text to be added to its document; empty for a text that has no vector
   * @throws IllegalStateException if the encoder returns something that is not a vector
   */
  public List<Optional<KnnFloatVectorField>> fields(List<String> texts) {
    List<String> full = texts.stream().filter(text -> !text.isBlank()).toList();
    float[][] vectors = full.isEmpty() ? new float[0][] : encoder.encode(full, documentPrompt);
    EncodedVectors.requireCount(name, vectors, full.size());
    List<Optional<KnnFloatVectorField>> fields = new ArrayList<>(texts.size());
    int next = 0;
    for (String text : texts) {
      fields.add(text.isBlank() ? Optional.empty() : field(text, vectors[next++]));
    }
    return fields;
  }

  private Optional<KnnFloatVectorField> field(String text, float[] vector) {
    EncodedVectors.requireSound(name, text, vector, dimensions());
    if (EncodedVectors.isZero(vector)) {
      return Optional.empty();
    }
    return Optional.of(new KnnFloatVectorField(name, scaled(vector), type));
  }

  /**
   * Encodes a query.
   *
   * @return the vector to search this field with: {@code [dimensions]}
   * @throws IllegalArgumentException if the query is blank or its vector is zero
   * @throws IllegalStateException if the encoder returns something that is not a vector
   */
  public float[] queryVector(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "a query on vector field '" + name + "' needs a text, got '" + text + "'");
    }
    float[] vector = queryEncoder.encodeOne(text, queryPrompt);
    EncodedVectors.requireSound(name, text, vector, dimensions());
    if (EncodedVectors.isZero(vector)) {
      throw new IllegalArgumentException(
          "the query %s on vector field '%s' has a zero vector, which is near to nothing"
              .formatted(EncodedVectors.quote(text), name));
    }
    return scaled(vector);
  }

  private float[] scaled(float[] vector) {
    return normalize ? EncodedVectors.toUnitLength(vector) : vector;
  }

  /**
   * Checks that an index was written with this field. A search on a field that does not exist finds
   * nothing and says nothing, and one with another model finds the wrong things, so call this once
   * after opening an index. An index without documents passes.
   *
   * @throws IllegalArgumentException if the index has no such vector field, or one with other
   *     dimensions, another encoding, another similarity or another encoder
   */
  public void checkAgainst(IndexReader reader) {
    VectorFieldChecks.requireField(reader, this);
  }

  @Override
  public String toString() {
    return name + " (" + dimensions() + " dimensions, " + similarity() + ")";
  }
}
