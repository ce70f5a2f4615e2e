/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.update.EncodingUpdateProcessor.BufferLimits;
import io.github.llm2vec.solr.update.text.TextLength;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.processor.AtomicUpdateDocumentMerger;

/** Buffer of the documents of a request that are encoded together. Not thread-safe. */
final class DocumentBuffer {

  /**
   * An add command in the buffer, whose document waits for its vectors.
   *
   * @param command a copy that is the buffer's own: loaders use one command for many documents
   * @param id of the document, "" if it has none
   * @param atomic whether it is an atomic update as the client sent it
   */
  record BufferedAdd(AddUpdateCommand command, String id, boolean atomic) {

    static BufferedAdd of(AddUpdateCommand command) {
      // A document without an id, where there must be one, fails here: at its own turn.
      String id = command.getIndexedIdStr();
      return new BufferedAdd(
          (AddUpdateCommand) command.clone(),
          id == null ? "" : id,
          AtomicUpdateDocumentMerger.isAtomicUpdate(command));
    }

    SolrInputDocument document() {
      return command.getSolrInputDocument();
    }

    /** Whether it is an atomic update of a nested document, which stands for its root. */
    boolean isOfNestedDocument() {
      return !id.isEmpty() && !id.equals(command.getSelfOrNestedDocIdStr());
    }
  }

  /** Characters of a token, about. */
  private static final int TOKEN_CHARACTERS = 4;

  /** Bytes of a value that is not text, and of a document or a field beside its values. */
  private static final int OVERHEAD = 48;

  private final BufferLimits limits;
  private final List<MappedField> fields;
  private final List<BufferedAdd> adds = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();
  private long tokens;
  private long bytes;

  DocumentBuffer(BufferLimits limits, List<MappedField> fields) {
    this.limits = limits;
    this.fields = fields;
  }

  /**
   * Whether a document has to wait until what is here has been encoded: for its id, or for room.
   */
  boolean mustDrainBefore(BufferedAdd add) {
    return !adds.isEmpty()
        && (ids.contains(add.id())
            || tokens + tokens(add) > limits.tokens()
            || bytes + bytes(add) > limits.bytes());
  }

  void add(BufferedAdd add) {
    adds.add(add);
    if (!add.id().isEmpty()) {
      ids.add(add.id());
    }
    tokens += tokens(add);
    bytes += bytes(add);
  }

  /** Whether it is time to encode. */
  boolean isFull() {
    return adds.size() >= limits.documents()
        || tokens >= limits.tokens()
        || bytes >= limits.bytes();
  }

  /** Takes everything out, in order. */
  List<BufferedAdd> drain() {
    List<BufferedAdd> drained = List.copyOf(adds);
    adds.clear();
    ids.clear();
    tokens = 0;
    bytes = 0;
    return drained;
  }

  private long tokens(BufferedAdd add) {
    return fields.stream().mapToLong(field -> tokens(add, field)).sum();
  }

  private static long tokens(BufferedAdd add, MappedField field) {
    long characters = 0;
    for (String source : field.mapping().source().fields()) {
      SolrInputField sent = add.document().getField(source);
      characters += sent == null ? 0 : size(sent.getValue()) / Character.BYTES;
    }
    long tokens = (characters + TOKEN_CHARACTERS - 1) / TOKEN_CHARACTERS;
    return field.mapping().handling().length() instanceof TextLength.Truncated truncated
        ? Math.min(tokens, truncated.tokens())
        : tokens;
  }

  private long bytes(BufferedAdd add) {
    long sum = size(add.document());
    for (MappedField field : fields) {
      // The vector and its copy, for every passage.
      sum += vectors(add, field) * field.field().dimensions() * 2L * Float.BYTES;
    }
    return sum;
  }

  private static long vectors(BufferedAdd add, MappedField field) {
    return field.mapping().handling().length() instanceof TextLength.Passages passages
        ? 1 + tokens(add, field) / (passages.tokens() - passages.overlap())
        : 1;
  }

  private static long size(Object value) {
    if (value instanceof CharSequence text) {
      return OVERHEAD + (long) Character.BYTES * text.length();
    }
    if (value instanceof byte[] array) {
      return (long) OVERHEAD + array.length;
    }
    if (value instanceof float[] array) {
      return OVERHEAD + (long) Float.BYTES * array.length;
    }
    if (value instanceof double[] array) {
      return OVERHEAD + (long) Double.BYTES * array.length;
    }
    if (value instanceof SolrInputDocument document) {
      return OVERHEAD
          + document.values().stream().mapToLong(field -> OVERHEAD + size(field.getValue())).sum();
    }
    if (value instanceof Map<?, ?> operations) {
      return OVERHEAD + operations.values().stream().mapToLong(DocumentBuffer::size).sum();
    }
    if (value instanceof Collection<?> values) {
      return values.stream().mapToLong(DocumentBuffer::size).sum();
    }
    return OVERHEAD;
  }
}
