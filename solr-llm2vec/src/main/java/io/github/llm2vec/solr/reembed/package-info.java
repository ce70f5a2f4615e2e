/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Another model for a live collection: has its documents encoded into a second vector field,
 * compares the two fields, and switches queries from one to the other. It works through SolrJ
 * alone, from a node as from elsewhere, and keeps no state of its own: what is done is what the
 * index and the collection's properties hold. It must not know how models encode.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.reembed;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
