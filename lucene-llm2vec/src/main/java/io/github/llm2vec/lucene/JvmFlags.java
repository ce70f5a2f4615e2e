/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.ArrayList;
import java.util.List;

/**
 * The JVM flags with which Lucene compares vectors in SIMD registers. It makes a comparison of 4096
 * floats about four times faster and needs an incubator module that no JVM loads by itself.
 *
 * <p>Lucene 9 can do it on Java 20 and later, never on 17; Lucene 10 on Java 21 and later. Each
 * release knows the JVMs that existed when it was made and has to be told to use a later one.
 */
public final class JvmFlags {

  private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";
  private static final String UPPER_VERSION =
      "-Dorg.apache.lucene.vectorization.upperJavaFeatureVersion=";

  /** From here on Java warns, and will refuse, when a library in native code is loaded. */
  private static final int NATIVE_ACCESS_ASKED = 24;

  private JvmFlags() {}

  /**
   * The flags to start a JVM with.
   *
   * @param javaFeature Java's feature version, for example 25
   * @param luceneMajor Lucene's major version, 9 or 10
   * @return the flags in the order to pass them; without SIMD flags where they would do nothing
   */
  public static List<String> of(int javaFeature, int luceneMajor) {
    List<String> flags = new ArrayList<>(simd(javaFeature, luceneMajor));
    if (javaFeature >= NATIVE_ACCESS_ASKED) {
      flags.add("--enable-native-access=ALL-UNNAMED");
    }
    return List.copyOf(flags);
  }

  /** The flags that switch SIMD on; none if it cannot be. */
  static List<String> simd(int javaFeature, int luceneMajor) {
    if (javaFeature < oldestJava(luceneMajor)) {
      return List.of();
    }
    return javaFeature > newestKnownJava(luceneMajor)
        ? List.of(VECTOR_MODULE, UPPER_VERSION + javaFeature)
        : List.of(VECTOR_MODULE);
  }

  /** The first Java on which this Lucene can use SIMD. */
  static int oldestJava(int luceneMajor) {
    return switch (luceneMajor) {
      case 9 -> 20;
      case 10 -> 21;
      default -> throw unknown(luceneMajor);
    };
  }

  /** The last Java on which this Lucene (9.12 and 10.3) uses SIMD unasked. */
  static int newestKnownJava(int luceneMajor) {
    return switch (luceneMajor) {
      case 9 -> 23;
      case 10 -> 25;
      default -> throw unknown(luceneMajor);
    };
  }

  private static IllegalArgumentException unknown(int luceneMajor) {
    return new IllegalArgumentException(
        "Lucene's major version must be 9 or 10, got " + luceneMajor);
  }
}
