/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.util.BytesRef;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;
import org.apache.solr.schema.BoolField;
import org.apache.solr.schema.EnumFieldType;
import org.apache.solr.schema.FieldType;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.schema.NumberType;
import org.apache.solr.schema.PointField;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.schema.StrField;
import org.apache.solr.schema.TextField;

/**
 * The values of source fields in the form in which the index keeps them, so that a text is the same
 * whether it is made of what a client sends, of Solr's log, of stored fields or of docValues:
 * {@code 07} in a field of ints is 7, a date is written as Solr writes it, what is missing is the
 * schema's default, and the values of a field that has docValues alone are in their order.
 */
public final class SourceValues {

  /** In a date: the moment in which Solr reads it. */
  private static final String NOW = "NOW";

  private static final Comparator<Object> BY_BYTES =
      Comparator.comparing(value -> new BytesRef(value.toString()));

  private final Map<String, SchemaField> fields = new LinkedHashMap<>();
  private final Set<SchemaField> withDefaults;

  /**
   * @param names of fields of the schema
   */
  public SourceValues(IndexSchema schema, Set<String> names) {
    names.forEach(name -> fields.put(name, schema.getField(name)));
    // Those are all that Solr fills: not dynamic ones.
    withDefaults = Set.copyOf(schema.getRequiredFields());
  }

  /** The values of a document that is no atomic update. */
  public Function<String, Collection<Object>> of(SolrInputDocument document) {
    return name -> of(name, valuesOf(document.getField(name)));
  }

  /**
   * The values of a field.
   *
   * @param given by anybody, in any form
   * @throws RuntimeException if the field cannot have such a value
   */
  public Collection<Object> of(String name, Collection<Object> given) {
    SchemaField field = Objects.requireNonNull(fields.get(name), name);
    List<Object> values = new ArrayList<>(given.size());
    for (Object value : given) {
      if (value != null && !(value instanceof SolrInputDocument)) {
        values.add(asIndexed(field, value));
      }
    }
    if (values.isEmpty() && field.getDefaultValue() != null && withDefaults.contains(field)) {
      values.add(asIndexed(field, field.getDefaultValue()));
    }
    return field.stored() || values.size() < 2 ? texts(values) : ordered(field, values);
  }

  /** As docValues give them back: in their order and, but for numbers, each once. */
  private static Collection<Object> ordered(SchemaField field, List<Object> values) {
    FieldType type = field.getType();
    values.sort(type.getNumberType() == null ? BY_BYTES : SourceValues::compare);
    boolean repeats = type instanceof PointField || type instanceof EnumFieldType;
    return texts(repeats ? values : new LinkedHashSet<>(values));
  }

  /** All are of the one type that the field gives them, which compares with itself. */
  @SuppressWarnings("unchecked")
  private static int compare(Object one, Object other) {
    return ((Comparable<Object>) one).compareTo(other);
  }

  private static Collection<Object> texts(Collection<Object> values) {
    return values.stream().<Object>map(SourceValues::text).toList();
  }

  private static String text(Object value) {
    return value instanceof Date date ? date.toInstant().toString() : value.toString();
  }

  private static Object asIndexed(SchemaField field, Object value) {
    FieldType type = field.getType();
    if (type instanceof BoolField) {
      return type.toNativeType(value.toString());
    }
    if (type.getNumberType() != null) {
      return type.toNativeType(value);
    }
    if (type instanceof StrField || type instanceof TextField || !field.stored()) {
      return value.toString();
    }
    return type.createFields(field, value).stream()
        .filter(Objects::nonNull)
        .filter(made -> made.fieldType().stored() && made.name().equals(field.getName()))
        .map((IndexableField made) -> type.toObject(made))
        .findFirst()
        .orElse(value);
  }

  /**
   * Writes the moment itself in place of {@code NOW}, which every node that reads the document
   * would take for another one.
   */
  public void fixMoment(SolrInputDocument document, boolean atomic) {
    for (SchemaField field : fields.values()) {
      if (field.getType().getNumberType() != NumberType.DATE) {
        continue;
      }
      SolrInputField sent = document.getField(field.getName());
      if (sent != null && sent.getValue() != null) {
        sent.setValue(fixed(field.getType(), sent.getValue()));
      } else if (!atomic && withDefaults.contains(field)) {
        String missing = String.valueOf(field.getDefaultValue());
        if (missing.contains(NOW)) {
          document.setField(field.getName(), field.getType().toNativeType(missing));
        }
      }
    }
  }

  private static Object fixed(FieldType type, Object value) {
    if (value instanceof CharSequence text && text.toString().contains(NOW)) {
      return type.toNativeType(value);
    }
    if (value instanceof Map<?, ?> operations && !(value instanceof SolrInputDocument)) {
      Map<Object, Object> all = new LinkedHashMap<>();
      operations.forEach((name, part) -> all.put(name, part == null ? null : fixed(type, part)));
      return all;
    }
    if (value instanceof Collection<?> values) {
      List<Object> all = new ArrayList<>();
      values.forEach(part -> all.add(part == null ? null : fixed(type, part)));
      return all;
    }
    return value;
  }

  /** All values of a field of a document, also those that are missing. */
  public static Collection<Object> valuesOf(SolrInputField field) {
    return field == null || field.getValue() == null ? List.of() : field.getValues();
  }
}
