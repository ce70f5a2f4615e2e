/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The Solr plugin: the classes that {@code solrconfig.xml} names, their arguments and how they are
 * wired to a core. What they do lies in the packages below ({@code node}, {@code schema}, {@code
 * update}, {@code query}), which know nothing of {@code solrconfig.xml}. There is no model code
 * here: that lies in {@code lucene-llm2vec}.
 */
@API(status = API.Status.STABLE)
@NullMarked
package io.github.llm2vec.solr;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
