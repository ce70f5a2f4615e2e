/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.schema.BinaryField;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.schema.StrField;

/**
 * Auxiliary fields of a vector field in the schema: the stored copy, the identity of the model, the
 * passages. Their names follow from its name, so that updating and searching find them without
 * being told.
 *
 * <pre>{@code
 * <field name="vector_copy" type="binary" indexed="false" stored="true"/>
 * <field name="vector_model" type="string" indexed="true" docValues="true"/>
 * }</pre>
 *
 * @param vectorField the field with the vectors
 * @param copy field with the vector in few bytes and the hash of its text, for atomic updates and
 *     for texts that have not changed: {@code vector_copy}
 * @param identity field that says what made the vector, see {@link FieldIdentity}: {@code
 *     vector_model}
 */
public record AuxiliaryFields(
    String vectorField, Optional<String> copy, Optional<String> identity) {

  private static final String COPY_SUFFIX = "_copy";
  private static final String IDENTITY_SUFFIX = "_model";

  /**
   * Finds the companions of a vector field in a schema.
   *
   * @throws SolrException 500 if a field has the name but cannot do the work
   */
  public static AuxiliaryFields of(IndexSchema schema, String vectorField) {
    Optional<SchemaField> copy =
        Optional.ofNullable(schema.getFieldOrNull(vectorField + COPY_SUFFIX));
    copy.ifPresent(AuxiliaryFields::requireCopy);
    Optional<SchemaField> identity =
        Optional.ofNullable(schema.getFieldOrNull(identityName(vectorField)));
    identity.ifPresent(AuxiliaryFields::requireIdentity);
    return new AuxiliaryFields(
        vectorField, copy.map(SchemaField::getName), identity.map(SchemaField::getName));
  }

  /** A vector field and the names of its companions, whether a schema has them or not. */
  public static List<String> names(String vectorField) {
    return List.of(vectorField, vectorField + COPY_SUFFIX, identityName(vectorField));
  }

  /** The name that the identity of a vector field's vectors is kept under. */
  public static String identityName(String vectorField) {
    return vectorField + IDENTITY_SUFFIX;
  }

  /** The name of the nested documents that hold the passages of a vector field. */
  public String passages() {
    return passagesName(vectorField);
  }

  /** The name of the nested documents that hold the passages of a vector field. */
  public static String passagesName(String vectorField) {
    return vectorField + "_passages";
  }

  /** The id of a passage, as Solr itself names nested documents that have none. */
  public String passageId(String document, Object number) {
    return document + "/" + passages() + "#" + number;
  }

  private static void requireCopy(SchemaField field) {
    if (!(field.getType() instanceof BinaryField) || !field.stored() || field.multiValued()) {
      throw wrong(
          field,
          "keeps vectors for atomic updates and must be a stored, single-valued solr.BinaryField");
    }
  }

  private static void requireIdentity(SchemaField field) {
    if (!(field.getType() instanceof StrField)
        || !field.indexed()
        || field.multiValued()
        || !(field.stored() || field.hasDocValues())) {
      throw wrong(
          field,
          "says what made the vectors and must be a single-valued solr.StrField that is indexed and"
              + " has docValues or is stored");
    }
  }

  private static SolrException wrong(SchemaField field, String need) {
    return SolrErrors.serverError(
        "field '%s' %s, found %s; change it, or rename it if it is another's"
            .formatted(field.getName(), need, field));
  }
}
