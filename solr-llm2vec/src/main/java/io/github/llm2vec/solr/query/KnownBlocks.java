/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.PassageBlocks;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.lucene.search.Query;
import org.apache.solr.schema.IndexSchema;

/**
 * Cache of the bit sets that mark documents among their passages, by segment and query. A core has
 * one such mark as a rule; of many the ones used last are kept. Thread-safe.
 */
public final class KnownBlocks {

  private static final int MARKS = 16;

  private final Map<Query, PassageBlocks> blocks =
      new LinkedHashMap<>(MARKS, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Query, PassageBlocks> eldest) {
          return size() > MARKS;
        }
      };

  /** Nothing known yet. */
  public KnownBlocks() {}

  /** The blocks of Solr's nested documents, whose id is that of their root. */
  synchronized PassageBlocks of(Query mark) {
    return blocks.computeIfAbsent(
        mark, query -> new PassageBlocks(query, IndexSchema.ROOT_FIELD_NAME));
  }
}
