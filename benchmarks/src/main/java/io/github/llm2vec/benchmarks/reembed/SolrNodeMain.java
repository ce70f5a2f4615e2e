/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import io.github.llm2vec.cli.solr.SolrLog;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/**
 * A Solr node of a cluster in a process of its own: prints its address and its name when it is
 * there, and runs until its input ends or it is killed.
 */
final class SolrNodeMain {

  /** What the line begins with that tells the address. */
  static final String READY = "NODE ";

  private SolrNodeMain() {}

  /** Home with {@code solr.xml}, address of ZooKeeper, port or 0. */
  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    SolrLog.toFile(home.resolve("solr.log"));
    Properties properties = new Properties();
    properties.setProperty("zkHost", arguments[1]);
    JettySolrRunner jetty =
        new JettySolrRunner(
            home.toString(),
            properties,
            JettyConfig.builder()
                .setPort(Integer.parseInt(arguments[2]))
                .withSSLConfig(null)
                .build());
    jetty.start();
    System.out.println(READY + jetty.getBaseUrl() + " " + jetty.getNodeName());
    while (System.in.read() >= 0) {
      // Nothing is said; the end counts.
    }
    Runtime.getRuntime().halt(0);
  }
}
