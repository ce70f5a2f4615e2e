/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.io.Closeable;
import java.net.http.HttpHeaders;
import java.util.Optional;

/**
 * An answer after all redirects.
 *
 * @param status of the last response
 * @param hubHeaders of the last response that came from the hub itself, not from where it sent us
 * @param headers of the last response
 * @param body of the last response; to be closed
 */
record HubResponse(int status, HttpHeaders hubHeaders, HttpHeaders headers, TimedBody body)
    implements Closeable {

  /**
   * The hub's name for the content: the SHA-256 of large files, the git hash of small ones. Large
   * ones are served from elsewhere, whose own tag means something else.
   */
  Optional<String> etag() {
    return hubHeaders
        .firstValue("X-Linked-Etag")
        .or(() -> hubHeaders.firstValue("ETag"))
        .map(tag -> tag.startsWith("W/") ? tag.substring(2) : tag)
        .map(tag -> tag.replace("\"", ""))
        .filter(tag -> tag.matches("[A-Za-z0-9._-]{1,128}") && !tag.startsWith("."));
  }

  /** A header of the hub. */
  Optional<String> hubHeader(String name) {
    return hubHeaders.firstValue(name);
  }

  /** A header that is a number, if it is one. */
  Optional<Long> number(HttpHeaders from, String name) {
    return from.firstValue(name).filter(text -> text.matches("\\d{1,18}")).map(Long::valueOf);
  }

  @Override
  public void close() {
    body.close();
  }
}
