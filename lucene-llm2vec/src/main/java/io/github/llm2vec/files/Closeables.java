/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** Closes several resources, each whatever happens to the others. */
public final class Closeables {

  private Closeables() {}

  /** Closes all and throws the first failure, which holds the others. */
  public static void all(List<? extends Closeable> resources) throws IOException {
    IOException first = null;
    for (Closeable resource : resources) {
      try {
        resource.close();
      } catch (IOException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Closes all because of a failure, which is given what goes wrong with that too. */
  public static void afterFailure(Throwable failure, List<? extends Closeable> resources) {
    try {
      all(resources);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }
}
