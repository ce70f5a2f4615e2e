/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

/**
 * Address of a Solr node.
 *
 * @param name in SolrCloud that of the live node, elsewhere the address
 * @param url ending in {@code /solr}
 */
record NodeAddress(String name, String url) {}
