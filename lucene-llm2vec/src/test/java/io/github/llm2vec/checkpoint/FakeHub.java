/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.llm2vec.files.ContentHash;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A hub on this machine with one repository {@code org/name}, built after the documented protocol:
 * files ending in .safetensors are "large" and served by a second server, as by a CDN. Answers can
 * be replaced one by one to misbehave.
 */
public final class FakeHub implements AutoCloseable {

  static final String COMMIT = "fedcba9876543210fedcba9876543210fedcba98";

  private final HttpServer hub;
  private final HttpServer store;
  private final Map<String, byte[]> files = new TreeMap<>();
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private boolean listsHashes = true;

  /** What came in. */
  record Request(
      boolean toHub, String path, Optional<String> range, Optional<String> authorization) {}

  /** Answers one request. */
  @FunctionalInterface
  interface Answer {
    void send(HttpExchange exchange, byte[] content) throws IOException;
  }

  FakeHub() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    hub = HttpServer.create(any, 0);
    hub.createContext("/", this::serveHub);
    hub.start();
    store = HttpServer.create(any, 0);
    store.createContext("/", this::serveStore);
    store.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  URI storeEndpoint() {
    return URI.create("http://127.0.0.1:" + store.getAddress().getPort());
  }

  FakeHub file(String name, byte[] content) {
    files.put(name, content);
    return this;
  }

  FakeHub file(String name, String content) {
    return file(name, content.getBytes(StandardCharsets.UTF_8));
  }

  byte[] content(String name) {
    return files.get(name);
  }

  /** Lists names only, as some mirrors do. */
  void hideHashes() {
    listsHashes = false;
  }

  /**
   * Answers the next request for a file's content, or for the listing, in another way.
   *
   * @param name file name, or "" for the listing
   */
  void next(String name, Answer answer) {
    answers.computeIfAbsent(name, n -> new ArrayDeque<>()).add(answer);
  }

  List<Request> requests() {
    return requests;
  }

  /** Names of the files whose content was asked for, in order. */
  List<String> asked() {
    return requests.stream()
        .filter(request -> !request.path().startsWith("/api/"))
        .filter(request -> request.toHub())
        .map(request -> request.path().replaceFirst(".*/resolve/[^/]+/", ""))
        .toList();
  }

  static String sha256(byte[] content) {
    return hash("SHA-256", content);
  }

  static String gitHash(byte[] content) {
    byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[head.length + content.length];
    System.arraycopy(head, 0, all, 0, head.length);
    System.arraycopy(content, 0, all, head.length, content.length);
    return hash("SHA-1", all);
  }

  private static String hash(String algorithm, byte[] content) {
    return HexFormat.of().formatHex(ContentHash.digest(algorithm).digest(content));
  }

  /** The entity tag of a file. */
  String tag(String name) {
    return large(name) ? sha256(files.get(name)) : gitHash(files.get(name));
  }

  private static boolean large(String name) {
    return name.endsWith(".safetensors");
  }

  private void serveHub(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = note(exchange, true);
      String prefix = "/org/name/resolve/" + COMMIT + "/";
      if (path.startsWith("/api/models/org/name/revision/")) {
        answer("", exchange, listing().getBytes(StandardCharsets.UTF_8), FakeHub::whole);
      } else if (path.startsWith(prefix) && files.containsKey(path.substring(prefix.length()))) {
        String name = path.substring(prefix.length());
        Headers headers = exchange.getResponseHeaders();
        headers.set("X-Repo-Commit", COMMIT);
        if (large(name)) {
          headers.set("X-Linked-Etag", "\"" + tag(name) + "\"");
          headers.set("X-Linked-Size", "" + files.get(name).length);
          headers.set("Location", storeEndpoint() + "/" + name + "?signature=x");
          exchange.sendResponseHeaders(302, -1);
        } else {
          headers.set("ETag", "\"" + tag(name) + "\"");
          answer(name, exchange, files.get(name), FakeHub::whole);
        }
      } else {
        exchange.sendResponseHeaders(404, -1);
      }
    }
  }

  private void serveStore(HttpExchange exchange) throws IOException {
    try (exchange) {
      String name = note(exchange, false).substring(1);
      exchange.getResponseHeaders().set("ETag", "\"0123-456\"");
      answer(name, exchange, files.get(name), FakeHub::whole);
    }
  }

  private void answer(String name, HttpExchange exchange, byte[] content, Answer usual)
      throws IOException {
    Deque<Answer> queue = answers.getOrDefault(name, new ArrayDeque<>());
    Answer answer = queue.isEmpty() ? usual : queue.remove();
    answer.send(exchange, content);
  }

  private String note(HttpExchange exchange, boolean toHub) {
    String path = exchange.getRequestURI().getRawPath();
    Headers headers = exchange.getRequestHeaders();
    requests.add(
        new Request(
            toHub,
            path,
            Optional.ofNullable(headers.getFirst("Range")),
            Optional.ofNullable(headers.getFirst("Authorization"))));
    return path;
  }

  private String listing() {
    StringBuilder json = new StringBuilder("{\"sha\":\"" + COMMIT + "\",\"siblings\":[");
    String comma = "";
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      json.append(comma).append("{\"rfilename\":\"").append(file.getKey()).append('"');
      if (listsHashes) {
        json.append(",\"size\":").append(file.getValue().length);
        json.append(",\"blobId\":\"").append(gitHash(file.getValue())).append('"');
        if (large(file.getKey())) {
          json.append(",\"lfs\":{\"sha256\":\"").append(sha256(file.getValue())).append("\"}");
        }
      }
      json.append('}');
      comma = ",";
    }
    return json.append("]}").toString();
  }

  /** The right answer, honouring Range. */
  static void whole(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from =
        range == null
            ? 0
            : Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
    if (from >= content.length && from > 0) {
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
    int rest = content.length - from;
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, rest == 0 ? -1 : rest);
    if (rest > 0) {
      exchange.getResponseBody().write(content, from, rest);
    }
  }

  /** The whole content whatever was asked for. */
  static void ignoringRange(HttpExchange exchange, byte[] content) throws IOException {
    exchange.getRequestHeaders().remove("Range");
    whole(exchange, content);
  }

  /** As many bytes of what was asked for, then the connection breaks. */
  static Answer cutAfter(int bytes) {
    return (exchange, content) -> {
      String range = exchange.getRequestHeaders().getFirst("Range");
      int from =
          range == null
              ? 0
              : Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
      exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
      OutputStream out = exchange.getResponseBody();
      out.write(content, from, Math.min(bytes, content.length - from));
      out.flush();
    };
  }

  /** Another content of the same length. */
  static void otherContent(HttpExchange exchange, byte[] content) throws IOException {
    byte[] other = content.clone();
    other[other.length / 2]++;
    whole(exchange, other);
  }

  /** A status with headers, given as name, value, name, value... */
  static Answer status(int status, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
  }
}
