/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model on a hub, written {@code organisation/name} or {@code organisation/name@revision}.
 *
 * @param repository {@code organisation/name}
 * @param revision branch, tag or commit; {@code main} if none is given
 */
public record HubId(String repository, String revision) {

  static final String MAIN = "main";

  private static final String PART = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
  // Branches may hold slashes (refs/pr/1) but no step may be "..", which is a file name elsewhere.
  private static final Pattern SYNTAX =
      Pattern.compile("(" + PART + "/" + PART + ")(?:@(" + PART + "(?:/" + PART + ")*))?");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /** Reads an id, or nothing if the text cannot be one. */
  public static Optional<HubId> parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new HubId(matcher.group(1), Optional.ofNullable(matcher.group(2)).orElse(MAIN)));
  }

  /** Whether the text is the full hash of a commit. */
  static boolean isCommit(String text) {
    return COMMIT.matcher(text).matches();
  }

  /** Whether the revision is a commit and thus never changes. */
  boolean pinned() {
    return isCommit(revision);
  }

  /** The folder of this repository in a cache. */
  String cacheFolder() {
    return "models--" + repository.replace("/", "--");
  }

  /** The id as a user would write it. */
  @Override
  public String toString() {
    return revision.equals(MAIN) ? repository : repository + "@" + revision;
  }
}
