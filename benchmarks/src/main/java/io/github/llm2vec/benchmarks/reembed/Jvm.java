/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts Java with the class path of this process, as {@code bin/llm2vec} would. */
final class Jvm {

  /** From this release on Java has the vector API that Lucene uses. */
  private static final int VECTORS = 20;

  /** From this release on Lucene 9 has to be told that the vector API is fine. */
  private static final int NEWER_VECTORS = 24;

  private static final int NATIVE_ACCESS = 22;

  private Jvm() {}

  /** The program, the class path, and what this release of Java needs. */
  static List<String> command() {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-cp", System.getProperty("java.class.path")));
    int release = Runtime.version().feature();
    if (release >= VECTORS) {
      line.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    }
    if (release >= NEWER_VECTORS) {
      line.add("-Dorg.apache.lucene.vectorization.upperJavaFeatureVersion=" + release);
    }
    if (release >= NATIVE_ACCESS) {
      line.add("--enable-native-access=ALL-UNNAMED");
    }
    return line;
  }

  /** A process with the environment in which libtorch spins shortly and looks for no downloads. */
  static ProcessBuilder process(List<String> line) {
    ProcessBuilder process = new ProcessBuilder(line);
    process.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    process.environment().put("GOMP_SPINCOUNT", "10000");
    process.environment().put("MALLOC_ARENA_MAX", "1");
    process.environment().put("OPT_OUT_TRACKING", "true");
    process.environment().put("DJL_OFFLINE", "true");
    return process;
  }
}
