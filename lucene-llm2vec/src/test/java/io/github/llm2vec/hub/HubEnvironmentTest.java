/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HubEnvironmentTest {

  private static final Path HOME = Path.of("/home/user");

  private static Path cache(Map<String, String> variables) {
    return HubEnvironment.of(variables, HOME).cache();
  }

  /** The order that Hugging Face's documentation of the local cache gives. */
  @Test
  void findsTheCache() {
    assertEquals(HOME.resolve(".cache/huggingface/hub"), cache(Map.of()));
    assertEquals(Path.of("/x/huggingface/hub"), cache(Map.of("XDG_CACHE_HOME", "/x")));
    assertEquals(Path.of("/h/hub"), cache(Map.of("HF_HOME", "/h", "XDG_CACHE_HOME", "/x")));
    assertEquals(Path.of("/c"), cache(Map.of("HF_HUB_CACHE", "/c", "HF_HOME", "/h")));
    assertEquals(HOME.resolve("hf/hub"), cache(Map.of("HF_HOME", "~/hf")));
    assertEquals(HOME.resolve(".cache/huggingface/hub"), cache(Map.of("HF_HOME", " ")));
  }

  @Test
  void readsEndpointTokenAndOffline() {
    HubEnvironment environment =
        HubEnvironment.of(
            Map.of(
                "HF_ENDPOINT", "https://mirror.example/",
                "HF_TOKEN", "hf_secret\n",
                "HF_HUB_OFFLINE", "True"),
            HOME);
    assertEquals(URI.create("https://mirror.example"), environment.endpoint());
    assertEquals(Optional.of("hf_secret"), environment.token());
    assertTrue(environment.offline());
    HubEnvironment empty = HubEnvironment.of(Map.of("HF_HUB_OFFLINE", "0"), HOME);
    assertEquals(URI.create("https://huggingface.co"), empty.endpoint());
    assertEquals(Optional.empty(), empty.token());
    assertFalse(empty.offline());
  }

  @Test
  void keepsTheTokenToItself() {
    HubEnvironment environment = HubEnvironment.of(Map.of("HF_TOKEN", "hf_secret"), HOME);
    assertFalse(environment.toString().contains("secret"), environment.toString());
  }

  @Test
  void rejectsAnEndpointThatIsNoAddress() {
    for (String endpoint : new String[] {"mirror.example", "ftp://x", "https://", "http://a b"}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> HubEnvironment.of(Map.of("HF_ENDPOINT", endpoint), HOME));
    }
  }
}
