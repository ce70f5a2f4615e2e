/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One encoder per Solr node: which models the node knows, when they are opened and closed, and the
 * one way in which all cores call them. It must not know of update chains, query parsers or
 * handlers.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.node;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
