/* SPDX-License-Identifier: Apache-2.0 */
package org.apache.solr.client.solrj.io;

import java.io.Closeable;
import org.apache.solr.client.solrj.impl.HttpSolrClientBase;

/**
 * Stands in front of a class of Solr 9's streaming expressions, which names clients that Solr 10
 * has no more. Solr 10 makes one when a node starts; streaming expressions themselves do not work
 * with it.
 */
public final class SolrClientCache implements Closeable {

  /** Made by Solr for a node. */
  public SolrClientCache(HttpSolrClientBase client) {}

  /** Called by Solr when a node joins a cluster. */
  public void setDefaultZKHost(String zkHost) {}

  @Override
  public void close() {}
}
