/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import java.nio.file.Path;
import java.util.Map;

/**
 * The environment variables, clock and encoder factory that commands get from outside, so that
 * tests can replace them.
 *
 * @param project the project's folder, with {@code examples} and {@code solr-config-examples}
 * @param userHome the user's folder, in which the hub's cache usually lies
 * @param environment variables such as {@code HF_HOME} and {@code HF_TOKEN}
 */
public record CliEnvironment(Path project, Path userHome, Map<String, String> environment) {

  /** Copies the map. */
  public CliEnvironment {
    environment = Map.copyOf(environment);
  }

  /** A file or folder of the project's examples. */
  public Path example(String name) {
    return project.resolve("examples").resolve(name);
  }
}
