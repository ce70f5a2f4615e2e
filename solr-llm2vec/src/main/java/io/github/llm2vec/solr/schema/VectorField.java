/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.node.ModelDeclaration;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.solr.common.SolrException;
import org.apache.solr.schema.DenseVectorField;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.schema.SchemaField;

/**
 * A field of a schema that takes float vectors.
 *
 * @param name of the field
 * @param dimensions that the schema gives it
 * @param similarity that the schema gives it
 * @param stored whether an atomic update finds the old vector again
 */
public record VectorField(
    String name, int dimensions, VectorSimilarityFunction similarity, boolean stored) {

  /**
   * Finds a vector field.
   *
   * @throws SolrException 400 if the schema has no such field or it is of another kind or not
   *     indexed
   */
  public static VectorField of(IndexSchema schema, String name) {
    SchemaField field = schema.getFieldOrNull(name);
    if (field == null) {
      throw SolrErrors.badRequest("the schema has no field '" + name + "'");
    }
    if (!(field.getType() instanceof DenseVectorField type)) {
      throw SolrErrors.badRequest(
          "field '%s' is of type '%s'; vectors need a solr.DenseVectorField"
              .formatted(name, field.getType().getTypeName()));
    }
    if (type.getVectorEncoding() != VectorEncoding.FLOAT32) {
      throw SolrErrors.badRequest(
          "field '%s' has vectorEncoding=%s; vectors of a model need FLOAT32"
              .formatted(name, type.getVectorEncoding()));
    }
    if (!field.indexed()) {
      throw SolrErrors.badRequest(
          "field '%s' has indexed=\"false\", so that no search would find its vectors; set it to"
                  .formatted(name)
              + " indexed=\"true\" and index the documents anew");
    }
    return new VectorField(name, type.getDimension(), type.getSimilarityFunction(), field.stored());
  }

  /**
   * Checks that vectors fit.
   *
   * @param width floats per vector
   * @throws SolrException 400 if the schema says otherwise
   */
  public void checkDimensions(String model, int width) {
    if (width != dimensions) {
      throw SolrErrors.badRequest(
          "field '%s' has vectorDimension=%s but model '%s' gives vectors of %s%s"
              .formatted(name, dimensions, model, width, remedy(width)));
    }
  }

  /**
   * Checks that a vector which a document has kept fits.
   *
   * @param width its floats
   * @throws SolrException 400 if the schema says otherwise
   */
  public void checkKept(int width) {
    if (width != dimensions) {
      throw SolrErrors.badRequest(
          "field '%s' has vectorDimension=%s but the document's own vector has %s numbers%s"
              .formatted(name, dimensions, width, remedy(width)));
    }
  }

  /** A collection that is restored under a new name comes without the properties of the old one. */
  private static String remedy(int width) {
    // %s and not %d: some locales write digits of their own, and these are to be copied.
    return ". If the schema takes the width from a property, as vectorDimension=\"${llm2vec.dims}\","
        + (" give CREATE and RESTORE property.llm2vec.dims=%s, and a core llm2vec.dims=%s in its"
                + " core.properties; then nothing needs to be indexed anew. Otherwise set"
                + " vectorDimension=\"%s\" in the schema; vectors of another width that are there"
                + " must be indexed anew")
            .formatted(width, width, width);
  }

  /**
   * Cuts a vector to the width of this field and, if asked, scales it to length 1 again: what is
   * left of a unit vector is shorter (Kusupati et al., 2022, Matryoshka Representation Learning).
   *
   * @param vector at least as wide as the field
   * @param normalize as the model is declared
   * @return the vector itself if it has the width already
   */
  public float[] cut(float[] vector, boolean normalize) {
    return vector.length == dimensions ? vector : Vectors.finish(vector, dimensions, normalize);
  }

  /**
   * Checks that the similarity means something for the vectors of a model.
   *
   * @throws SolrException 400 for a dot product of vectors that are not scaled to length 1
   */
  public void checkSimilarity(ModelDeclaration model) {
    if (similarity == VectorSimilarityFunction.DOT_PRODUCT && !model.normalize()) {
      throw SolrErrors.badRequest(
          "field '%s' has similarityFunction=dot_product, which needs vectors of length 1, but"
                  .formatted(name)
              + " model '%s' is declared with \"normalize\": false; use cosine or"
                  .formatted(model.name())
              + " maximum_inner_product");
    }
  }
}
