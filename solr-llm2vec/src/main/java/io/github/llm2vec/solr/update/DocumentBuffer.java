/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.update.AddUpdateCommand;

/** The documents of a request that wait to be encoded together. Not thread-safe. */
final class DocumentBuffer {

  /** What a value that is not text counts for. */
  private static final int OTHER_VALUE = 16;

  private final BufferLimits limits;
  private final List<BufferedAdd> adds = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();
  private long characters;

  DocumentBuffer(BufferLimits limits) {
    this.limits = limits;
  }

  /** Whether a document of the same id waits already; one without an id is like no other. */
  boolean holdsIdOf(AddUpdateCommand command) {
    return ids.contains(id(command));
  }

  void add(BufferedAdd add) {
    adds.add(add);
    String id = id(add.command());
    if (!id.isEmpty()) {
      ids.add(id);
    }
    for (SolrInputField field : add.command().getSolrInputDocument()) {
      characters += size(field.getValue());
    }
  }

  /** Whether it is time to encode. */
  boolean isFull() {
    return adds.size() >= limits.documents() || characters >= limits.characters();
  }

  /** Takes everything out, in order. */
  List<BufferedAdd> drain() {
    List<BufferedAdd> drained = List.copyOf(adds);
    adds.clear();
    ids.clear();
    characters = 0;
    return drained;
  }

  private static String id(AddUpdateCommand command) {
    SchemaField key = command.getReq().getSchema().getUniqueKeyField();
    SolrInputDocument document = command.getSolrInputDocument();
    Object id = key == null ? null : document.getFieldValue(key.getName());
    return id == null ? "" : id.toString();
  }

  private static long size(Object value) {
    if (value instanceof CharSequence text) {
      return text.length();
    }
    if (value instanceof byte[] bytes) {
      return bytes.length;
    }
    if (value instanceof SolrInputDocument child) {
      return child.values().stream().mapToLong(field -> size(field.getValue())).sum();
    }
    if (value instanceof Collection<?> values) {
      return values.stream().mapToLong(DocumentBuffer::size).sum();
    }
    return OTHER_VALUE;
  }
}
