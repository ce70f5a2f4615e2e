/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Settings of Hugging Face's hub as its environment variables give them: cache folder, endpoint,
 * token, offline mode.
 *
 * @param cache folder of the local cache ({@code HF_HUB_CACHE}, else {@code HF_HOME/hub}, else
 *     {@code XDG_CACHE_HOME/huggingface/hub}, else {@code ~/.cache/huggingface/hub})
 * @param endpoint base address of the hub ({@code HF_ENDPOINT}), without a slash at its end
 * @param token what proves who asks ({@code HF_TOKEN}); a secret
 * @param offline whether nothing may be fetched ({@code HF_HUB_OFFLINE})
 */
@API(status = API.Status.STABLE)
public record HubEnvironment(Path cache, URI endpoint, Optional<String> token, boolean offline) {

  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "on", "yes", "true");

  /** Checks the address. */
  public HubEnvironment {
    boolean http = "https".equals(endpoint.getScheme()) || "http".equals(endpoint.getScheme());
    if (!http || endpoint.getHost() == null) {
      throw new IllegalArgumentException(
          "HF_ENDPOINT must be an http or https address, got '" + endpoint + "'");
    }
  }

  /**
   * Reads environment variables.
   *
   * @param variables such as {@code System.getenv()}
   * @param home the user's home folder
   * @throws IllegalArgumentException if {@code HF_ENDPOINT} is no address
   */
  public static HubEnvironment of(Map<String, String> variables, Path home) {
    String endpoint = text(variables, "HF_ENDPOINT").orElse(DEFAULT_ENDPOINT);
    try {
      return new HubEnvironment(
          cache(variables, home),
          new URI(endpoint.replaceAll("/+$", "")),
          text(variables, "HF_TOKEN").map(String::strip),
          text(variables, "HF_HUB_OFFLINE")
              .map(value -> TRUE.contains(value.toLowerCase(Locale.ROOT)))
              .orElse(false));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "HF_ENDPOINT must be an http or https address, got '" + endpoint + "'", e);
    }
  }

  private static Path cache(Map<String, String> variables, Path home) {
    Optional<Path> given = folder(variables, "HF_HUB_CACHE", home);
    if (given.isEmpty()) {
      given = folder(variables, "HUGGINGFACE_HUB_CACHE", home);
    }
    if (given.isEmpty()) {
      given = folder(variables, "HF_HOME", home).map(p -> p.resolve("hub"));
    }
    if (given.isEmpty()) {
      given = folder(variables, "XDG_CACHE_HOME", home).map(p -> p.resolve("huggingface/hub"));
    }
    return given.orElseGet(() -> home.resolve(".cache/huggingface/hub"));
  }

  private static Optional<Path> folder(Map<String, String> variables, String name, Path home) {
    return text(variables, name)
        .map(
            value ->
                value.equals("~") || value.startsWith("~/")
                    ? home.resolve(value.substring(Math.min(2, value.length())))
                    : Path.of(value));
  }

  private static Optional<String> text(Map<String, String> variables, String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
  }

  /** Everything but the token. */
  @Override
  public String toString() {
    return "HubEnvironment[cache=%s, endpoint=%s, token=%s, offline=%s]"
        .formatted(cache, endpoint, token.isPresent() ? "(set)" : "(none)", offline);
  }
}
