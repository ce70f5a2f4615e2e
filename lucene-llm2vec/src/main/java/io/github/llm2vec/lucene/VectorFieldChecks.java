/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.FieldInfo;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.VectorEncoding;
import org.apache.lucene.index.VectorSimilarityFunction;

/** Compares a vector field as it is asked for with the one that an index has. */
final class VectorFieldChecks {

  private VectorFieldChecks() {}

  /**
   * Fails if the index has a field of this name that a float vector of this length cannot search. A
   * segment without the field is fine: not every document has a vector.
   */
  static void requireSearchable(IndexReader reader, String field, int dimensions) {
    for (FieldInfo info : infos(reader, field)) {
      requireFloats(info);
      if (info.getVectorDimension() != dimensions) {
        throw new IllegalArgumentException(
            "vector field '%s' has %s dimensions in the index, the query vector has %s"
                .formatted(field, info.getVectorDimension(), dimensions));
      }
    }
  }

  /** Fails unless the index is empty or has exactly this field. */
  static void requireField(IndexReader reader, TextVectorField field) {
    List<FieldInfo> infos = infos(reader, field.name());
    if (infos.isEmpty() && reader.maxDoc() > 0) {
      throw new IllegalArgumentException(
          "the index has no field '%s'; its vector fields are %s"
              .formatted(field.name(), vectorFields(reader)));
    }
    requireSearchable(reader, field.name(), field.dimensions());
    for (FieldInfo info : infos) {
      if (info.getVectorSimilarityFunction() != field.similarity()) {
        throw new IllegalArgumentException(
            "vector field '%s' is compared by %s in the index, by %s in the query"
                .formatted(field.name(), info.getVectorSimilarityFunction(), field.similarity()));
      }
      String written = info.getAttribute(TextVectorField.FINGERPRINT_ATTRIBUTE);
      if (written != null && !written.equals(field.fingerprint())) {
        throw new IllegalArgumentException(
            ("vector field '%s' was filled by encoder %s, the queries come from encoder"
                    + " %s; open the model that wrote the index or index again")
                .formatted(field.name(), written, field.fingerprint()));
      }
    }
  }

  /** Whether any segment searches this field through quantised vectors. */
  static boolean isQuantized(IndexReader reader, String field) {
    return infos(reader, field).stream()
        .map(info -> info.getAttribute(PerFieldKnnVectorsFormat.PER_FIELD_FORMAT_KEY))
        .anyMatch(format -> format != null && format.contains("Quantized"));
  }

  /**
   * The score that Lucene gives to a cosine on this field: (1 + cosine) / 2.
   *
   * @throws IllegalArgumentException if the field is not compared by cosine
   */
  static float scoreOfCosine(IndexReader reader, String field, float cosine) {
    for (FieldInfo info : infos(reader, field)) {
      VectorSimilarityFunction similarity = info.getVectorSimilarityFunction();
      if (similarity != VectorSimilarityFunction.COSINE
          && similarity != VectorSimilarityFunction.DOT_PRODUCT) {
        throw new IllegalArgumentException(
            "minCosine=%s cannot be applied to vector field '%s', which is compared by %s"
                .formatted(cosine, field, similarity));
      }
    }
    return scoreOfCosine(cosine);
  }

  static float scoreOfCosine(float cosine) {
    return (1 + cosine) / 2;
  }

  private static List<FieldInfo> infos(IndexReader reader, String field) {
    List<FieldInfo> infos = new ArrayList<>();
    for (LeafReaderContext leaf : reader.leaves()) {
      FieldInfo info = leaf.reader().getFieldInfos().fieldInfo(field);
      if (info != null) {
        infos.add(info);
      }
    }
    return infos;
  }

  private static void requireFloats(FieldInfo info) {
    if (!info.hasVectorValues()) {
      throw new IllegalArgumentException(
          "field '" + info.name + "' is in the index, but it is not a vector field");
    }
    if (info.getVectorEncoding() != VectorEncoding.FLOAT32) {
      throw new IllegalArgumentException(
          "vector field '%s' holds %s vectors, expected %s"
              .formatted(info.name, info.getVectorEncoding(), VectorEncoding.FLOAT32));
    }
  }

  private static SortedSet<String> vectorFields(IndexReader reader) {
    SortedSet<String> names = new TreeSet<>();
    for (LeafReaderContext leaf : reader.leaves()) {
      for (FieldInfo info : leaf.reader().getFieldInfos()) {
        if (info.hasVectorValues()) {
          names.add(info.name);
        }
      }
    }
    return names;
  }
}
