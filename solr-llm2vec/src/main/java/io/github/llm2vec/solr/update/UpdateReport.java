/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.response.SolrQueryResponse;

/**
 * What became of the documents of one request, by vector field, for its response header: {@code
 * "llm2vec":{"vec":{"encoded":20,"reused":5,"forwarded":2,"skipped":1,"skippedIds":["7"]}}}. Not
 * thread-safe.
 */
final class UpdateReport {

  private static final String KEY = "llm2vec";
  private static final int IDS = 100;

  private static final class Counts {
    private final List<String> skippedIds = new ArrayList<>();
    private int encoded;
    private int reused;
    private int forwarded;
    private int skipped;
    private int passages;

    private NamedList<Object> toNamedList() {
      NamedList<Object> counts = new SimpleOrderedMap<>();
      counts.add("encoded", encoded);
      counts.add("reused", reused);
      counts.add("forwarded", forwarded);
      counts.add("skipped", skipped);
      if (passages > 0) {
        counts.add("passagesLeftOut", passages);
      }
      if (skipped > 0) {
        counts.add("skippedIds", List.copyOf(skippedIds));
      }
      return counts;
    }
  }

  private final Map<String, Counts> fields = new LinkedHashMap<>();

  UpdateReport(List<MappedField> fields) {
    fields.forEach(field -> this.fields.put(field.name(), new Counts()));
  }

  /** Counts the texts of a document that were encoded and those whose vectors were there. */
  void countFilled(MappedField field, int encoded, int reused) {
    counts(field).encoded += encoded;
    counts(field).reused += reused;
  }

  /** Counts a document that needed no vector. */
  void countForwarded(MappedField field) {
    counts(field).forwarded++;
  }

  /** Counts a passage that came by itself and was left out. */
  void countPassage(MappedField field) {
    counts(field).passages++;
  }

  /** Counts a document that goes into the index without its vector. */
  void countSkipped(MappedField field, String id) {
    Counts counts = counts(field);
    counts.skipped++;
    if (counts.skippedIds.size() < IDS) {
      counts.skippedIds.add(id);
    }
  }

  private Counts counts(MappedField field) {
    return Objects.requireNonNull(fields.get(field.name()), field.name());
  }

  /** Writes the counts; of many ids the first hundred. */
  void writeTo(SolrQueryResponse response) {
    NamedList<Object> header = response.getResponseHeader();
    if (header == null) {
      return;
    }
    if (!(header.get(KEY) instanceof SimpleOrderedMap<?>)) {
      header.add(KEY, new SimpleOrderedMap<>());
    }
    @SuppressWarnings("unchecked") // This class alone writes the key, with values of any kind.
    SimpleOrderedMap<Object> written = (SimpleOrderedMap<Object>) header.get(KEY);
    fields.forEach((name, counts) -> written.add(name, counts.toNamedList()));
  }
}
