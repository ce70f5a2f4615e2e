/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/** The encoder nodes of a model, as the models file names them. */
public sealed interface EncoderNodes {

  /** Every live node of the SolrCloud that has the model. */
  record InCluster() implements EncoderNodes {}

  /**
   * Nodes of a Solr without ZooKeeper.
   *
   * @param urls each as {@code http://HOST:PORT/solr}
   */
  record Listed(List<String> urls) implements EncoderNodes {

    /** Copies the list and rejects what is no address of a Solr. */
    public Listed {
      urls = urls.stream().map(Listed::checked).distinct().toList();
      if (urls.isEmpty()) {
        throw new IllegalArgumentException("the list of encoder nodes is empty");
      }
    }

    private static String checked(String url) {
      try {
        URI uri = new URI(url);
        boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (web && uri.getHost() != null && uri.getQuery() == null && uri.getUserInfo() == null) {
          return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        }
      } catch (URISyntaxException e) {
        throw new IllegalArgumentException(refusal(url), e);
      }
      throw new IllegalArgumentException(refusal(url));
    }

    private static String refusal(String url) {
      return "an encoder node must be given as http://HOST:PORT/solr, without user and password,"
          + " found "
          + url;
    }
  }
}
