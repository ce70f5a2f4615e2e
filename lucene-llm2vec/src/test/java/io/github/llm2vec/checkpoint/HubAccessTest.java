/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.hub.HubHttp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a downloader makes of refusals, redirects, tokens and hostile answers. */
class HubAccessTest extends HubTestCase {

  @Test
  void sendsTheTokenToTheHubOnly() throws IOException {
    fetch();
    for (FakeHub.Request request : hub.requests()) {
      assertEquals(
          request.toHub() ? Optional.of("Bearer hf_secret") : Optional.empty(),
          request.authorization(),
          request.path());
    }
    assertTrue(hub.requests().stream().anyMatch(request -> !request.toHub()));
  }

  @Test
  void sendsNoTokenWhereThereIsNone() throws IOException {
    token = Optional.empty();
    fetch();
    assertTrue(hub.requests().stream().allMatch(r -> r.authorization().isEmpty()));
  }

  @ParameterizedTest
  @CsvSource({
    "https://hub.example, false",
    "http://hub.example, true",
    "http://localhost:8080, false",
    "http://127.0.0.1, false",
    "http://127.0.0.1.evil.example, true",
    "http://localhost.evil.example, true"
  })
  void withholdsTheTokenFromHubsThatOthersCanListenTo(String endpoint, boolean withheld) {
    HubEnvironment environment =
        new HubEnvironment(folder, java.net.URI.create(endpoint), token, false);
    assertEquals(withheld, new HubHttp(environment).withholdsToken());
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void saysHowToGetAccess(int status) {
    hub.next("", FakeHub.status(status, "X-Error-Code", "GatedRepo"));
    String message = failure();
    assertTrue(message.startsWith("org/name: may not be read"), message);
    assertTrue(message.contains("Accept the model's terms on " + hub.endpoint() + "/org/name"));
    assertFalse(message.contains("secret"), message);
    token = Optional.empty();
    hub.next(WEIGHTS, FakeHub.status(status));
    assertTrue(failure().contains("set HF_TOKEN"));
    assertEquals(List.of(), pauses);
  }

  @ParameterizedTest
  @CsvSource({
    "RepoNotFound, does not exist on",
    "RevisionNotFound, has no such revision on",
    "EntryNotFound, has no list of files on",
    "'', does not exist on"
  })
  void saysWhatIsNotFound(String code, String expected) {
    hub.next("", FakeHub.status(404, "X-Error-Code", code, "X-Error-Message", "Nothing here"));
    String message = failure();
    assertTrue(message.contains(expected) && message.contains("(Nothing here)"), message);
    assertEquals(List.of(), pauses);
  }

  @Test
  void saysWhichFileIsNotFound() {
    hub.next(WEIGHTS, FakeHub.status(404));
    assertTrue(failure().contains("its model.safetensors does not exist"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "429 | 7 | 7",
        "503 | 0 | 0",
        "429 | Mon, 23 Nov 2026 12:01:30 GMT | 90",
        "429 | Mon, 23 Nov 2026 11:00:00 GMT | 0",
        "429 | soon | 1"
      })
  void waitsAsLongAsItIsAskedTo(int status, String retryAfter, long seconds) throws IOException {
    hub.next("", FakeHub.status(status, "Retry-After", retryAfter));
    hub.next("config.json", FakeHub.status(status, "Retry-After", retryAfter));
    hub.next(WEIGHTS, FakeHub.status(status, "Retry-After", retryAfter));
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
    assertEquals(3, pauses.size());
    assertEquals(Duration.ofSeconds(seconds), pauses.get(0));
  }

  @Test
  void doesNotWaitForHours() {
    hub.next("", FakeHub.status(429, "Retry-After", "36000"));
    assertTrue(failure().contains("asks to wait 36000 s"));
    assertEquals(List.of(), pauses);
  }

  @Test
  void givesUpOnAServerThatStaysBroken() {
    for (int i = 0; i < 5; i++) {
      hub.next("", FakeHub.status(500));
    }
    assertTrue(failure().contains("the hub answered 500 (5 times in a row)"));
    assertEquals(4, pauses.size());
  }

  @Test
  void givesUpOnAServerThatIsNotThere() {
    hub.close();
    String message = failure();
    assertTrue(message.contains("could not fetch list of files"), message);
    assertEquals(4, pauses.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://x/y", "http:nothing", "::"})
  void refusesToBeRedirectedElsewhere(String location) {
    for (int i = 0; i < 5; i++) {
      hub.next("config.json", FakeHub.status(302, "Location", location));
    }
    assertTrue(failure().contains("was redirected to"));
  }

  @Test
  void followsRedirectsWithinTheHub() throws IOException {
    hub.next(
        "config.json",
        FakeHub.status(307, "Location", "/org/name/resolve/" + FakeHub.COMMIT + "/config.json"));
    fetch();
    assertFetched("config.json", "tokenizer.json", WEIGHTS);
    assertEquals(List.of(), pauses);
  }

  @Test
  void stopsFollowingRedirectsInACircle() {
    for (int i = 0; i < 100; i++) {
      hub.next(
          "config.json",
          FakeHub.status(307, "Location", "/org/name/resolve/" + FakeHub.COMMIT + "/config.json"));
    }
    assertTrue(failure().contains("redirected more than 8 times"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"sha\":\"../../x\",\"siblings\":[]}",
        "{\"siblings\":[]}",
        "{\"sha\":\"" + FakeHub.COMMIT + "\",\"siblings\":3}",
        "{\"sha\":\"" + FakeHub.COMMIT + "\",\"siblings\":[3]}",
        "{\"sha\":\"" + FakeHub.COMMIT + "\",\"siblings\":[{\"size\":-1}]}",
        "[]",
        "<html>"
      })
  void rejectsAListingThatIsNone(String json) {
    hub.next(
        "", (exchange, content) -> FakeHub.whole(exchange, json.getBytes(StandardCharsets.UTF_8)));
    assertThrows(ModelFormatException.class, this::fetch);
  }

  @Test
  void writesNothingOutsideTheCache() throws IOException {
    String bad = "\"../../../../evil.safetensors\"";
    String json =
        "{\"sha\":\""
            + FakeHub.COMMIT
            + "\",\"siblings\":[{\"rfilename\":"
            + bad
            + "},{\"rfilename\":\"/etc/config.json\"},{\"rfilename\":\"../config.json\"},"
            + "{\"rfilename\":\"1_x/../config.json\"},"
            + "{\"rfilename\":\"model.safetensors.index.json\"}]}";
    hub.file("model.safetensors.index.json", "{\"weight_map\":{\"a\":" + bad + "}}");
    hub.next(
        "", (exchange, content) -> FakeHub.whole(exchange, json.getBytes(StandardCharsets.UTF_8)));
    ModelFormatException e = assertThrows(ModelFormatException.class, this::fetch);
    assertTrue(e.getMessage().contains("not a plain .safetensors file name"), e.getMessage());
    assertEquals(List.of("model.safetensors.index.json"), hub.asked().stream().distinct().toList());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("cache")), files.toList());
    }
  }
}
