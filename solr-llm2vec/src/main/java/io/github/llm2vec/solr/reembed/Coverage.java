/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.solr.common.SolrDocument;

/**
 * Which documents have a text and not its vector, by vector field.
 *
 * @param missing number of such documents by field; no field of which there are none
 * @param examples the first ids by field
 */
public record Coverage(Map<String, Long> missing, Map<String, List<String>> examples) {

  private static final int EXAMPLES = 20;
  private static final int ROWS = 500;

  /** Reads all documents that lack a vector of some mappings; the others are not looked at. */
  static Coverage of(LiveCollection collection, List<VectorFieldMapping> mappings)
      throws IOException {
    Map<String, Long> missing = new LinkedHashMap<>();
    Map<String, List<String>> examples = new LinkedHashMap<>();
    for (VectorFieldMapping mapping : mappings) {
      DocumentWalk walk = DocumentWalk.lacking(collection, mapping);
      walk.pages(
          ROWS,
          page -> {
            for (SolrDocument document : page) {
              if (mapping.hasText(document)) {
                missing.merge(mapping.vector(), 1L, Long::sum);
                List<String> ids =
                    examples.computeIfAbsent(mapping.vector(), field -> new ArrayList<>());
                if (ids.size() < EXAMPLES) {
                  ids.add(String.valueOf(document.getFieldValue(walk.key())));
                }
              }
            }
            return true;
          });
    }
    return new Coverage(missing, examples);
  }

  /** Whether every document that has a text has all its vectors. */
  public boolean complete() {
    return missing.isEmpty();
  }

  /** What is missing, a line for each field. */
  public List<String> lines() {
    return missing.entrySet().stream()
        .map(
            field ->
                String.format(
                    Locale.ROOT,
                    "%d documents have a text and no vector in '%s': %s%s",
                    field.getValue(),
                    field.getKey(),
                    String.join(", ", examples.getOrDefault(field.getKey(), List.of())),
                    field.getValue() > EXAMPLES ? ", ..." : ""))
        .toList();
  }
}
