/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import org.apache.lucene.util.Version;
import org.apache.solr.common.SolrException;
import org.junit.jupiter.api.Test;

class ClassLoaderCheckTest {

  private static final URL[] NOTHING = {};

  @Test
  void nodeLoaderAndItsParentsAreTheRightPlace() throws IOException {
    try (URLClassLoader server = new URLClassLoader(NOTHING);
        URLClassLoader node = new URLClassLoader(NOTHING, server)) {
      ClassLoaderCheck.check(node, node);
      ClassLoaderCheck.check(server, node);
    }
  }

  @Test
  void loaderOfOneCoreIsTheWrongPlace() throws IOException {
    try (URLClassLoader node = new URLClassLoader(NOTHING);
        URLClassLoader core = new URLClassLoader(NOTHING, node)) {
      SolrException thrown =
          assertThrows(SolrException.class, () -> ClassLoaderCheck.check(core, node));
      assertTrue(thrown.getMessage().contains("SOLR_HOME/lib"), thrown.getMessage());
    }
  }

  @Test
  void onlyTheLuceneOfTheBuildIsAccepted() {
    Version built = Version.LATEST;
    ClassLoaderCheck.checkRelease(Version.fromBits(built.major, built.minor, 99));
    for (Version other :
        List.of(
            Version.fromBits(built.major, built.minor + 1, 0),
            Version.fromBits(built.major + 1, built.minor, 0))) {
      String message =
          assertThrows(SolrException.class, () -> ClassLoaderCheck.checkRelease(other))
              .getMessage();
      assertTrue(message.contains("this Solr has Lucene " + other), message);
    }
  }
}
