/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import java.util.OptionalInt;
import org.apache.lucene.codecs.hnsw.DefaultFlatVectorScorer;
import org.apache.lucene.codecs.hnsw.FlatVectorScorerUtil;
import org.apache.lucene.util.Constants;
import org.apache.lucene.util.Version;

/**
 * Says whether Lucene compares vectors in SIMD registers in this JVM and, if not, why and what
 * would change it.
 *
 * @param enabled whether it does
 * @param summary one line for the log
 */
public record SimdSupport(boolean enabled, String summary) {

  private static final String UPPER_VERSION_PROPERTY =
      "org.apache.lucene.vectorization.upperJavaFeatureVersion";

  /**
   * What decides. A record, so that JVMs other than this one can be tested.
   *
   * @param javaFeature feature version of the JVM
   * @param luceneVersion full version of Lucene, for example 9.12.3
   * @param vectorModule whether the incubator module was added on the command line
   * @param upperVersion value of Lucene's property, -1 if it is not set
   * @param capableVm whether it is HotSpot with its C2 compiler
   */
  record Jvm(
      int javaFeature,
      String luceneVersion,
      boolean vectorModule,
      int upperVersion,
      boolean capableVm) {

    static Jvm current() {
      return new Jvm(
          Runtime.version().feature(),
          Version.LATEST.toString(),
          ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
          parsed(System.getProperty(UPPER_VERSION_PROPERTY, "")).orElse(-1),
          Constants.IS_HOTSPOT_VM && !Constants.IS_JVMCI_VM && !Constants.IS_CLIENT_VM);
    }

    private static OptionalInt parsed(String value) {
      try {
        return OptionalInt.of(Integer.parseInt(value));
      } catch (NumberFormatException e) {
        // Lucene takes it as not set and says so in its own log.
        return OptionalInt.empty();
      }
    }

    int luceneMajor() {
      return Integer.parseInt(luceneVersion.substring(0, luceneVersion.indexOf('.')));
    }

    boolean allowed() {
      return javaFeature >= JvmFlags.oldestJava(luceneMajor())
          && javaFeature <= Math.max(upperVersion, JvmFlags.newestKnownJava(luceneMajor()))
          && vectorModule
          && capableVm;
    }
  }

  /**
   * Looks at this JVM. Makes Lucene choose its implementation, which it does once and for good.
   *
   * <p>Lucene keeps its choice to itself, but hands out the scorer that belongs to it: the plain
   * one if it does without SIMD. Java 20 is the exception, where the scorer is plain either way and
   * the conditions have to do.
   */
  public static SimdSupport detect() {
    Jvm jvm = Jvm.current();
    boolean plainScorer =
        FlatVectorScorerUtil.getLucene99FlatVectorsScorer() instanceof DefaultFlatVectorScorer;
    return describe(jvm, jvm.javaFeature() == 20 ? jvm.allowed() : !plainScorer);
  }

  static SimdSupport describe(Jvm jvm, boolean enabled) {
    String where = "Lucene " + jvm.luceneVersion() + " on Java " + jvm.javaFeature();
    return enabled
        ? new SimdSupport(true, "SIMD is on for vectors: " + where)
        : new SimdSupport(false, "SIMD is off for vectors: " + where + ": " + reason(jvm));
  }

  private static String reason(Jvm jvm) {
    int oldest = JvmFlags.oldestJava(jvm.luceneMajor());
    if (jvm.javaFeature() < oldest) {
      return "this Lucene needs Java " + oldest + " or later for it; no flag helps";
    }
    if (!jvm.capableVm()) {
      return "the JVM is not HotSpot with the C2 compiler, which Lucene asks for";
    }
    if (jvm.allowed()) {
      return "the JVM allows it, but the processor's registers are too narrow for Lucene or a"
          + " Lucene test option holds it back";
    }
    List<String> flags = JvmFlags.simd(jvm.javaFeature(), jvm.luceneMajor());
    return "start Java with " + String.join(" ", flags);
  }
}
