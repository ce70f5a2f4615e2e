/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.ArrayList;
import java.util.List;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.response.SolrQueryResponse;

/**
 * What became of the documents of one request, for its response header: {@code
 * "llm2vec":{"vec":{"encoded":20,"forwarded":2,"skipped":1,"skippedIds":["7"]}}}. Not thread-safe.
 */
final class UpdateReport {

  private static final String KEY = "llm2vec";
  private static final int IDS = 100;

  private final String vectorField;
  private final List<String> skippedIds = new ArrayList<>();
  private int encoded;
  private int forwarded;
  private int skipped;

  UpdateReport(String vectorField) {
    this.vectorField = vectorField;
  }

  void countEncoded() {
    encoded++;
  }

  /** Counts a document that needed no vector. */
  void countForwarded() {
    forwarded++;
  }

  /** Counts a document that goes into the index without its vector. */
  void countSkipped(String id) {
    skipped++;
    if (skippedIds.size() < IDS) {
      skippedIds.add(id);
    }
  }

  /** Writes the counts; of many ids the first hundred. */
  void writeTo(SolrQueryResponse response) {
    NamedList<Object> header = response.getResponseHeader();
    if (header == null) {
      return;
    }
    NamedList<Object> counts = new SimpleOrderedMap<>();
    counts.add("encoded", encoded);
    counts.add("forwarded", forwarded);
    counts.add("skipped", skipped);
    if (skipped > 0) {
      counts.add("skippedIds", List.copyOf(skippedIds));
    }
    if (header.get(KEY) instanceof SimpleOrderedMap<?> present) {
      @SuppressWarnings("unchecked") // This class alone writes the key, with values of any kind.
      SimpleOrderedMap<Object> fields = (SimpleOrderedMap<Object>) present;
      fields.add(vectorField, counts);
    } else {
      SimpleOrderedMap<Object> fields = new SimpleOrderedMap<>();
      fields.add(vectorField, counts);
      header.add(KEY, fields);
    }
  }
}
