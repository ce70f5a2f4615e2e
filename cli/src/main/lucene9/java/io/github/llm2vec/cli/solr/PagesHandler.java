/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.handler.HandlerWrapper;

/**
 * Hands out {@link LocalPages} and leaves everything else to Solr; here for the Jetty of Solr 9.
 */
final class PagesHandler extends HandlerWrapper {

  private final LocalPages pages;

  private PagesHandler(LocalPages pages) {
    this.pages = pages;
  }

  /** A node of Solr, not started, that hands out the pages too. */
  static JettySolrRunner node(Path home, JettyConfig config, LocalPages pages) {
    return new JettySolrRunner(home.toAbsolutePath().toString(), config) {
      @Override
      protected HandlerWrapper injectJettyHandlers(HandlerWrapper solr) {
        HandlerWrapper first = new PagesHandler(pages);
        first.setHandler(solr);
        return first;
      }
    };
  }

  @Override
  public void handle(
      String target, Request base, HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    if (!pages.files().isEmpty() && target.equals(pages.path())) {
      base.setHandled(true);
      String query = request.getQueryString();
      response.sendRedirect(pages.path() + "/" + (query == null ? "" : "?" + query));
      return;
    }
    Optional<byte[]> file = pages.file(target);
    if (file.isEmpty()) {
      super.handle(target, base, request, response);
      return;
    }
    base.setHandled(true);
    if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
      response.setHeader("Allow", "GET, HEAD");
      response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
      return;
    }
    LocalPages.HEADERS.forEach(response::setHeader);
    response.setContentType(pages.type(target));
    response.setContentLength(file.get().length);
    // Jetty drops the body of an answer to HEAD.
    response.getOutputStream().write(file.get());
  }
}
