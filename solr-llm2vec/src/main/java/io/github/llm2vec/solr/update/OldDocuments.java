/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.solr.common.SolrInputDocument;

/** The documents of a collection as they are before an update. */
@FunctionalInterface
interface OldDocuments {

  /**
   * Looks documents up.
   *
   * @param adds whose documents are wanted; all have ids
   * @param fields that are wanted; more may come
   * @param nested whether nested documents are wanted too
   * @return documents by id, the caller's own; those that are not there are missing
   */
  Map<String, SolrInputDocument> find(List<BufferedAdd> adds, Set<String> fields, boolean nested)
      throws IOException;
}
