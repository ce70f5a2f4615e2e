/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Documents get their vectors here, before they are distributed in the cluster: what text a
 * document has, which documents are encoded together, what happens when one of them cannot be; and
 * they are looked at once more behind that, where an atomic update has become a document. It must
 * not know where its settings come from.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.update;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
