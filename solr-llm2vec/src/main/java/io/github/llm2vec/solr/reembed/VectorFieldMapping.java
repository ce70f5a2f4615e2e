/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import io.github.llm2vec.solr.update.text.TextTemplate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.util.NamedList;

/**
 * A mapping of a collection's update chain as {@code /llm2vec?action=mappings} tells of it.
 *
 * @param vector the vector field
 * @param model name in the models file
 * @param adapter beside the model, "" for none
 * @param source template of the text
 * @param fields that the text is made of
 * @param dimensions width that vectors are cut to, 0 for the model's own
 * @param passages whether documents get nested documents with the vectors of their passages
 */
public record VectorFieldMapping(
    String vector,
    String model,
    String adapter,
    TextTemplate source,
    List<String> fields,
    int dimensions,
    boolean passages) {

  /** Reads the answer of a node. */
  static VectorFieldMapping of(NamedList<?> report) {
    TextTemplate source = TextTemplate.parse(text(report, "source"), " ");
    return new VectorFieldMapping(
        text(report, "vector"),
        text(report, "model"),
        text(report, "adapter"),
        source,
        List.copyOf(source.fields()),
        Integer.parseInt(text(report, "dimensions")),
        Boolean.parseBoolean(text(report, "passages")));
  }

  private static String text(NamedList<?> report, String name) {
    return String.valueOf(report.get(name));
  }

  /** Whether a document has a text to encode; blanks are none. */
  boolean hasText(SolrDocument document) {
    return !text(document).isBlank();
  }

  /** The text of a document, about as the update chain makes it. */
  String text(SolrDocument document) {
    return source.render(
        field -> {
          Collection<Object> values = document.getFieldValues(field);
          return values == null ? List.of() : values;
        });
  }

  /** A source field that a document has. */
  Optional<String> presentField(SolrDocument document) {
    return fields.stream().filter(field -> document.getFieldValue(field) != null).findFirst();
  }

  /** The mapping of a field in {@code solrconfig.xml}. */
  public static String xml(String field, String model, String source) {
    return """
        <lst name="mapping">
          <str name="model">%s</str>
          <str name="source">%s</str>
          <str name="vector">%s</str>
        </lst>
        """
        .formatted(model, source, field);
  }
}
