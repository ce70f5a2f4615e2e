/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import org.apache.solr.common.SolrDocumentList;
import org.apache.solr.handler.component.ResponseBuilder;
import org.apache.solr.handler.component.ShardRequest;
import org.apache.solr.handler.component.ShardResponse;
import org.apache.solr.search.SortSpec;

/**
 * Sort order and number of rows of a distributed result, as the shards return them. Solr makes room
 * for all {@code rows} before it merges the hits, however few there are.
 */
public final class MergedRows extends SortSpec {

  private final ResponseBuilder builder;

  private MergedRows(ResponseBuilder builder, SortSpec given) {
    super(given.getSort(), given.getSchemaFields(), given.getCount(), given.getOffset());
    this.builder = builder;
  }

  /** Sees to it for a distributed request without groups, which Solr merges in other ways. */
  public static void limit(ResponseBuilder builder) {
    if (builder.isDistributed() && !builder.grouping() && builder.getSortSpec() != null) {
      builder.setSortSpec(new MergedRows(builder, builder.getSortSpec()));
    }
  }

  /** As many as were asked for; once the hits are there, as many as are left behind the offset. */
  @Override
  public int getCount() {
    if (builder.finished == null) {
      return super.getCount();
    }
    long returned = 0;
    boolean there = false;
    for (ShardRequest request : builder.finished) {
      if ((request.purpose & ShardRequest.PURPOSE_GET_TOP_IDS) != 0) {
        there = true;
        for (ShardResponse response : request.responses) {
          returned += hits(response);
        }
      }
    }
    return there ? (int) Math.min(super.getCount(), returned - getOffset()) : super.getCount();
  }

  private static int hits(ShardResponse response) {
    return response.getException() == null
            && response.getSolrResponse().getResponse().get("response")
                instanceof SolrDocumentList hits
        ? hits.size()
        : 0;
  }
}
