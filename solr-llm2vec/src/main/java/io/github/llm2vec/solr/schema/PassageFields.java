/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.List;
import org.apache.solr.common.SolrException;
import org.apache.solr.schema.IndexSchema;

/**
 * Names of the fields in nested documents that hold the passages of a long text. Such a document
 * has an id of its own, {@code ID/VECTOR_passages#NUMBER}, its {@code _nest_path_} is {@code
 * /VECTOR_passages#NUMBER}, and it has the vector and the vector's companions. A query for passages
 * restricts itself to {@code _nest_path_:/VECTOR_passages}; its parents are the documents without
 * {@code _nest_path_}.
 */
public final class PassageFields {

  /** Place of the passage in its document, from 0; an int. */
  public static final String NUMBER = "passage_number";

  /** Index of its first character in the text that was cut; an int. */
  public static final String START = "passage_start";

  /** Index after its last character in the text that was cut; an int. */
  public static final String END = "passage_end";

  /** The id of the document; a string. */
  public static final String PARENT = "passage_parent";

  private PassageFields() {}

  /**
   * Checks that a schema can hold passages.
   *
   * @throws SolrException 500 naming what is missing
   */
  public static void require(IndexSchema schema) {
    List<String> missing =
        List.of(
                IndexSchema.ROOT_FIELD_NAME,
                IndexSchema.NEST_PATH_FIELD_NAME,
                NUMBER,
                START,
                END,
                PARENT)
            .stream()
            .filter(name -> schema.getFieldOrNull(name) == null)
            .toList();
    if (!missing.isEmpty()) {
      throw SolrErrors.serverError(
          "passages are nested documents and need fields that the schema does not have: "
              + String.join(", ", missing)
              + "; docs/solr-updates.md lists them");
    }
  }
}
