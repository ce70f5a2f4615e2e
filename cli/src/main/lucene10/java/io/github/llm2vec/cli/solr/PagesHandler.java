/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Hands out {@link LocalPages} and leaves everything else to Solr; here for the Jetty of Solr 10.
 */
final class PagesHandler extends Handler.Wrapper {

  private final LocalPages pages;

  private PagesHandler(LocalPages pages) {
    this.pages = pages;
  }

  /** A node of Solr, not started, that hands out the pages too. */
  static JettySolrRunner node(Path home, JettyConfig config, LocalPages pages) {
    return new JettySolrRunner(home.toAbsolutePath().toString(), config) {
      @Override
      protected Handler.Wrapper injectJettyHandlers(Handler.Wrapper solr) {
        Handler.Wrapper first = new PagesHandler(pages);
        first.setHandler(solr);
        return first;
      }
    };
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String target = Request.getPathInContext(request);
    if (!pages.files().isEmpty() && target.equals(pages.path())) {
      String query = request.getHttpURI().getQuery();
      Response.sendRedirect(
          request, response, callback, pages.path() + "/" + (query == null ? "" : "?" + query));
      return true;
    }
    Optional<byte[]> file = pages.file(target);
    if (file.isEmpty()) {
      return super.handle(request, response, callback);
    }
    if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
      response.getHeaders().put(HttpHeader.ALLOW, "GET, HEAD");
      Response.writeError(request, response, callback, HttpStatus.METHOD_NOT_ALLOWED_405);
      return true;
    }
    LocalPages.HEADERS.forEach(response.getHeaders()::put);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, pages.type(target));
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, file.get().length);
    // Jetty drops the body of an answer to HEAD.
    response.write(true, ByteBuffer.wrap(file.get()), callback);
    return true;
  }
}
