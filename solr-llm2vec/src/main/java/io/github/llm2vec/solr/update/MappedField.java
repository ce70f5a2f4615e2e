/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.lucene.TextRange;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.node.EncoderIdentity;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelHandle;
import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.CoreIdentities;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.schema.PassageFields;
import io.github.llm2vec.solr.schema.VectorField;
import io.github.llm2vec.solr.update.VectorPlan.TextChunk;
import io.github.llm2vec.solr.update.text.SourceValues;
import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.text.TextLength;
import io.github.llm2vec.solr.update.text.TextSplitter;
import io.github.llm2vec.solr.update.vector.FloatList;
import io.github.llm2vec.solr.update.vector.StoredVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.core.SolrCore;
import org.apache.solr.schema.IndexSchema;

/**
 * A mapping bound to the schema and the model that it names, for one request: all its vectors are
 * of the model as it was when it was first asked for. Not thread-safe.
 */
public final class MappedField {

  private final VectorMapping mapping;
  private final VectorField field;
  private final AuxiliaryFields auxiliary;
  private final SourceValues values;
  private final ModelHandle encoder;
  private final TextSplitter cutter;
  // What the request began with; the model may be reloaded to something else while it runs.
  private Optional<EncoderIdentity> model = Optional.empty();

  private MappedField(
      VectorMapping mapping,
      VectorField field,
      AuxiliaryFields auxiliary,
      SourceValues values,
      ModelHandle encoder) {
    this.mapping = mapping;
    this.field = field;
    this.auxiliary = auxiliary;
    this.values = values;
    this.encoder = encoder;
    this.cutter = new TextSplitter(text -> encoder.tokenSpans(text, model()));
  }

  /**
   * Finds a mapping's fields in a schema.
   *
   * @throws SolrException if the schema cannot do what the mapping asks for
   */
  public static MappedField of(VectorMapping mapping, IndexSchema schema, ModelHandle encoder) {
    VectorField field = VectorField.of(schema, mapping.target().field());
    field.checkSimilarity(encoder.declaration());
    mapping.source().fields().forEach(source -> requireSent(schema, source));
    AuxiliaryFields auxiliary = AuxiliaryFields.of(schema, field.name());
    if (mapping.cutsPassages()) {
      PassageFields.require(schema);
      if (auxiliary.copy().isEmpty()) {
        throw SolrErrors.serverError(
            "passages need a field '%s_copy' to survive atomic updates".formatted(field.name()));
      }
    }
    int wanted = mapping.target().dimensions();
    if (wanted > 0 && wanted != field.dimensions()) {
      throw SolrErrors.serverError(
          "dimensions=%s but field '%s' has vectorDimension=%s; both must be the same"
              .formatted(wanted, field.name(), field.dimensions()));
    }
    SourceValues values = new SourceValues(schema, mapping.source().fields());
    return new MappedField(mapping, field, auxiliary, values, encoder);
  }

  /** Solr fills a copyField's target long after documents have passed here. */
  private static void requireSent(IndexSchema schema, String source) {
    if (schema.isCopyFieldTarget(schema.getField(source))) {
      throw SolrErrors.serverError(
          "field '%s' is filled by copyField from %s, after documents have been encoded; name what is"
                  .formatted(source, String.join(", ", schema.getCopySources(source)))
              + " copied as the source instead, for example {%s}"
                  .formatted(String.join("} {", schema.getCopySources(source))));
    }
  }

  /**
   * Checks that vectors can be kept through atomic updates.
   *
   * @throws SolrException 500 if the schema has no field for the copy
   */
  public void requireCopy() {
    if (auxiliary.copy().isEmpty()) {
      throw SolrErrors.serverError(
          "Llm2VecGuardUpdateProcessorFactory needs a field '%s_copy' of type solr.BinaryField, indexed=\"false\""
                  .formatted(field.name())
              + " stored=\"true\", in the schema");
    }
  }

  VectorMapping mapping() {
    return mapping;
  }

  VectorField field() {
    return field;
  }

  AuxiliaryFields auxiliary() {
    return auxiliary;
  }

  String name() {
    return field.name();
  }

  /** Whether the passages of documents with vectors in a field are cut here. */
  public boolean cutsPassagesOf(String vectorField) {
    return mapping.cutsPassages() && name().equals(vectorField);
  }

  /** The field that is cut, where there are passages. */
  public String cutField() {
    return mapping.source().lastField();
  }

  /** What the places of passages refer to: all values of the field that is cut. */
  public String cutText(SolrInputDocument document) {
    return mapping.source().valueOf(cutField(), values.of(document));
  }

  /** Waits for the model and checks that its vectors fit the field. */
  void awaitReady(Duration patience) {
    encoder.awaitReady(patience);
    int width = model().dimensions();
    if (mapping.target().dimensions() == 0 || width < field.dimensions()) {
      field.checkDimensions(model().declaration().name(), width);
    }
  }

  /** The model as the request met it first; it must be open. */
  EncoderIdentity model() {
    if (model.isEmpty()) {
      model = Optional.of(encoder.identity(mapping.adapter()));
    }
    return model.get();
  }

  /** Where the vectors come into being, for messages; the model must be open. */
  String encodedOn(SolrCore core) {
    return model().encodedOn(CoreIdentities.nodeName(core));
  }

  /** The model that encodes for this field. */
  ModelHandle encoder() {
    return encoder;
  }

  /** A vector as it is indexed: cut to the field's width and as exact as its copy. */
  float[] indexed(float[] vector) {
    float[] indexed = field.cut(vector, model().declaration().normalize());
    if (auxiliary.copy().isPresent()) {
      mapping.target().precision().round(indexed);
    }
    return indexed;
  }

  /** What the vectors are made with; the model must be open. */
  FieldIdentity identity() {
    ModelDeclaration declaration = model().declaration();
    return new FieldIdentity(
        declaration.name(),
        model().fingerprint(),
        declaration.pooling(),
        field.dimensions(),
        declaration.withDefaultInstruction(mapping.prompt()).instruction(),
        model().dtype(),
        model().tokenizer());
  }

  /** Stands for everything but the text that a vector depends on; the model must be open. */
  long settings() {
    FieldIdentity identity = identity();
    return TextHash.ofAll(
            List.of(
                identity.fingerprint(),
                Integer.toString(identity.dimensions()),
                identity.instruction(),
                mapping.handling().length().toString(),
                mapping.target().precision().name()))
        .high();
  }

  /** The whole text of a document, "" if it has none. */
  String text(Function<String, Collection<Object>> values) {
    String text = mapping.source().render(values);
    return text.isBlank() ? "" : text;
  }

  /** The texts that are encoded for a document that has any; the model must be open. */
  List<TextChunk> chunks(Function<String, Collection<Object>> values) {
    String text = text(values);
    TextHash hash = TextHash.of(text);
    TextRange all = new TextRange(0, text.length());
    TextLength length = mapping.handling().length();
    if (length instanceof TextLength.Truncated truncated) {
      return List.of(new TextChunk(cutter.truncate(text, truncated.tokens()), hash, all));
    }
    return length instanceof TextLength.Passages passages
        ? passages(values, passages)
        : List.of(new TextChunk(text, hash, all));
  }

  private List<TextChunk> passages(
      Function<String, Collection<Object>> values, TextLength.Passages length) {
    String body = cutField();
    String whole = mapping.source().valueOf(body, values);
    List<TextRange> ranges = cutter.passages(whole, length);
    if (ranges.isEmpty()) {
      // A document of which only the title is there is found by its title.
      return List.of(passage(text(values), new TextRange(0, 0)));
    }
    List<TextChunk> chunks = new ArrayList<>(ranges.size());
    for (TextRange range : ranges) {
      List<Object> part = List.of(range.of(whole));
      chunks.add(passage(text(name -> name.equals(body) ? part : values.apply(name)), range));
    }
    return chunks;
  }

  private static TextChunk passage(String text, TextRange range) {
    return new TextChunk(text, TextHash.of(text), range);
  }

  /** The source fields of documents. */
  SourceValues values() {
    return values;
  }

  /** The text of a document that is no atomic update, "" if it has none. */
  String textOf(SolrInputDocument document) {
    return text(values.of(document));
  }

  /**
   * The vector that a client put into a document.
   *
   * @param text for which it stands
   * @throws IllegalArgumentException if the field cannot take it
   */
  StoredVector ownVector(SolrInputDocument document, TextHash text) {
    FloatList vector = FloatList.of(document.getField(name()));
    if (!vector.isEmpty() && vector.size() != field.dimensions()) {
      throw new IllegalArgumentException(
          "vectorDimension=%s but the document brings a vector of %s"
              .formatted(field.dimensions(), vector.size()));
    }
    return new StoredVector(StoredVector.Origin.CLIENT, 0, text, vector);
  }
}
