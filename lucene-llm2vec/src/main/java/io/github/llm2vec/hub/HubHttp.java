/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * GET requests to a hub. Redirects are followed by hand, because the token may go to the hub only:
 * the same scheme, host and port, and only over https or to this machine.
 */
public final class HubHttp {

  private static final int MAX_REDIRECTS = 8;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Duration CONNECT = Duration.ofSeconds(15);
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private final HttpClient client;
  private final HubEnvironment environment;

  public HubHttp(HubEnvironment environment) {
    this.environment = environment;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT)
            .build();
  }

  /** Whether there is a token that must not be sent because the way to the hub is not safe. */
  public boolean withholdsToken() {
    return environment.token().isPresent() && !safe(environment.endpoint());
  }

  /**
   * Sends one request and follows redirects.
   *
   * @param uri on the hub
   * @param from offset of the first byte that is wanted
   * @throws IOException if no answer comes; any status is an answer
   */
  HubResponse get(URI uri, long from) throws IOException {
    URI next = uri;
    Optional<HttpHeaders> hubHeaders = Optional.empty();
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpResponse<TimedBody> response = send(next, from);
      if (hubHeaders.isEmpty() || isHub(next)) {
        hubHeaders = Optional.of(response.headers());
      }
      Optional<String> location = response.headers().firstValue("Location");
      if (!REDIRECTS.contains(response.statusCode()) || location.isEmpty()) {
        return new HubResponse(
            response.statusCode(), hubHeaders.get(), response.headers(), response.body());
      }
      response.body().close();
      next = redirected(next, location.get());
    }
    throw new IOException(uri + " was redirected more than " + MAX_REDIRECTS + " times");
  }

  private HttpResponse<TimedBody> send(URI uri, long from) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(SILENCE)
            .header("User-Agent", "lucene-llm2vec")
            // Compressed bytes could not be resumed or counted.
            .header("Accept-Encoding", "identity");
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    if (environment.token().isPresent() && isHub(uri) && safe(uri)) {
      request.header("Authorization", "Bearer " + environment.token().get());
    }
    try {
      return client.send(request.build(), info -> new TimedBody(SILENCE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while downloading " + uri.getPath());
    }
  }

  private static URI redirected(URI from, String location) throws IOException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new IOException(from + " was redirected to what is no address", e);
    }
    boolean downgrade = "https".equals(from.getScheme()) && !"https".equals(to.getScheme());
    boolean http = "https".equals(to.getScheme()) || "http".equals(to.getScheme());
    if (downgrade || !http || to.getHost() == null) {
      throw new IOException(from + " was redirected to an address that is not safe");
    }
    return to;
  }

  private boolean isHub(URI uri) {
    URI hub = environment.endpoint();
    return hub.getScheme().equals(uri.getScheme())
        && hub.getHost().equalsIgnoreCase(uri.getHost())
        && port(hub) == port(uri);
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equals(uri.getScheme()) ? 443 : 80;
  }

  private static boolean safe(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    boolean loopback =
        host.equals("localhost") || host.matches("127(\\.\\d{1,3}){3}") || host.equals("[::1]");
    return "https".equals(uri.getScheme()) || loopback;
  }
}
