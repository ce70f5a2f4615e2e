/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/**
 * A Solr node in this process that answers over HTTP, on this machine only, as an installed one
 * would; without the pages of the admin UI. Closing stops it.
 */
public final class LocalSolr implements AutoCloseable {

  private static final String SOLR_XML = "solr.xml";
  private static final String CONF = "conf";

  private final Path home;
  private final JettySolrRunner jetty;

  private LocalSolr(Path home, JettySolrRunner jetty) {
    this.home = home;
    this.jetty = jetty;
  }

  /**
   * Starts a node, with the collections that its home has already.
   *
   * @param home folder for configuration and indexes; made if it is not there
   * @param port port to listen on, or 0 for any that is free
   * @param pages what else it hands out
   * @throws BindException if the port is taken
   * @throws IOException if the node does not start, saying why
   */
  public static LocalSolr start(Path home, int port, LocalPages pages) throws IOException {
    Files.createDirectories(home);
    Path solrXml = home.resolve(SOLR_XML);
    if (!Files.exists(solrXml)) {
      Files.writeString(solrXml, "<solr></solr>\n");
    }
    JettyConfig config =
        JettyConfig.builder().setPort(port).withSSLConfig(null).withPortRetryTime(0).build();
    JettySolrRunner jetty = PagesHandler.node(home, config, pages);
    LocalSolr solr = new LocalSolr(home, jetty);
    try {
      jetty.start();
    } catch (Exception e) {
      // Jetty's contract is any exception; what it has opened until then is closed.
      IOException failure = startFailure(port, e);
      solr.closeAfter(failure);
      throw failure;
    }
    if (jetty.getCoreContainer() == null) {
      IOException failure = new IOException("Solr did not start in " + home + "; its log says why");
      solr.closeAfter(failure);
      throw failure;
    }
    return solr;
  }

  private static IOException startFailure(int port, Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        IOException taken =
            new BindException(
                "port " + port + " is taken; name another one, or 0 for any that is free");
        taken.initCause(failure);
        return taken;
      }
    }
    return new IOException("Solr did not start: " + failure.getMessage(), failure);
  }

  /** Address of the node, for example {@code http://127.0.0.1:8983/solr}. */
  public String url() {
    return jetty.getBaseUrl().toString();
  }

  /** Address of the server itself, for example {@code http://127.0.0.1:8983}. */
  public String root() {
    return url().substring(0, url().length() - "/solr".length());
  }

  /** Whether the node has a collection of this name. */
  public boolean hasCollection(String name) {
    return container().getAllCoreNames().contains(name);
  }

  /**
   * Makes a collection (on a single node: a core) from a configset.
   *
   * @param configset folder that holds {@code conf}
   * @param properties what the configset's files refer to as <code>${name}</code>, for example
   *     {@code llm2vec.dims}; kept with the collection
   * @throws IOException if the node does not take it, saying why
   */
  public void createCollection(String name, Path configset, Map<String, String> properties)
      throws IOException {
    Path instance = home.toAbsolutePath().resolve(name);
    copy(configset.resolve(CONF), instance.resolve(CONF));
    try {
      container().create(name, instance, properties, false);
    } catch (SolrException e) {
      throw new IOException(
          "Solr does not take the collection '%s': %s".formatted(name, rootMessage(e)), e);
    }
  }

  /** The node itself. */
  public CoreContainer container() {
    return jetty.getCoreContainer();
  }

  @Override
  public void close() {
    try {
      jetty.stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException("Solr did not stop cleanly: " + e.getMessage(), e);
    }
  }

  private void closeAfter(Exception failure) {
    try {
      close();
    } catch (IllegalStateException e) {
      failure.addSuppressed(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) {
      throw new IOException("there is no configset in " + from.getParent() + ": no folder conf");
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(from)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path target = to.resolve(from.relativize(file).toString());
      Files.createDirectories(target.getParent());
      Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = SolrException.getRootCause(failure);
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
