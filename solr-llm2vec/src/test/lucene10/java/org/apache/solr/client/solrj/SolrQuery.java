/* SPDX-License-Identifier: Apache-2.0 */
package org.apache.solr.client.solrj;

/** Solr 10 has moved this class; here it is where tests that run on Solr 9 too look for it. */
public class SolrQuery extends org.apache.solr.client.solrj.request.SolrQuery {

  private static final long serialVersionUID = 1L;

  /** A query; names and values of parameters in turn. */
  public SolrQuery(String name, String value, String... more) {
    super(name, value, more);
  }
}
