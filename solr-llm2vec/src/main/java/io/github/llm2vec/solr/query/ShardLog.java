/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import java.util.Arrays;
import java.util.Iterator;
import java.util.stream.Collectors;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;

/**
 * Keeps vectors and rankings out of the request logs of shards, by Solr's own {@code
 * logParamsList}. What a shard was asked stands in the log of the node that took the request, under
 * the same trace id.
 */
final class ShardLog {

  /** All of our parameters that only nodes send each other start so. */
  private static final String OURS = "llm2vec.";

  private ShardLog() {}

  /** Leaves in the logs what the user wants there, or nothing, if vectors or rankings go along. */
  static void shorten(ModifiableSolrParams params) {
    boolean carries = false;
    for (Iterator<String> names = params.getParameterNamesIterator(); names.hasNext(); ) {
      carries |= names.next().startsWith(OURS);
    }
    if (carries) {
      String wanted = params.get(CommonParams.LOG_PARAMS_LIST, "");
      params.set(
          CommonParams.LOG_PARAMS_LIST,
          Arrays.stream(wanted.split(",", -1))
              .filter(name -> !name.startsWith(OURS))
              .collect(Collectors.joining(",")));
    }
  }
}
