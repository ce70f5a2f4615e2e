/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The Solr plugin: documents encoded while they are indexed, queries encoded while they are parsed,
 * one encoder per node. It holds no model code: that lies below, in {@code lucene-llm2vec}.
 */
package io.github.llm2vec.solr;
