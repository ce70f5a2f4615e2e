/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimdSupportTest {

  private static final String MODULE = "--add-modules=jdk.incubator.vector";
  private static final String UPPER = "-Dorg.apache.lucene.vectorization.upperJavaFeatureVersion=";
  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  @Test
  void flagsFollowTheReleasesOfJavaAndLucene() {
    assertEquals(List.of(), JvmFlags.of(17, 9));
    assertEquals(List.of(MODULE), JvmFlags.of(21, 9));
    assertEquals(List.of(MODULE), JvmFlags.of(23, 9));
    assertEquals(List.of(MODULE, UPPER + 24, NATIVE), JvmFlags.of(24, 9));
    assertEquals(List.of(MODULE, UPPER + 25, NATIVE), JvmFlags.of(25, 9));
    assertEquals(List.of(MODULE), JvmFlags.of(21, 10));
    assertEquals(List.of(MODULE, NATIVE), JvmFlags.of(25, 10));
    assertEquals(List.of(MODULE, UPPER + 26, NATIVE), JvmFlags.of(26, 10));
    assertEquals(
        "Lucene's major version must be 9 or 10, got 8",
        assertThrows(IllegalArgumentException.class, () -> JvmFlags.of(25, 8)).getMessage());
  }

  /** The states that were seen when Lucene was run with these flags. */
  @ParameterizedTest
  @CsvSource({
    "17, 9.12.3, true, -1, false",
    "25, 9.12.3, false, -1, false",
    "25, 9.12.3, true, -1, false",
    "25, 9.12.3, true, 25, true",
    "25, 10.3.2, false, -1, false",
    "25, 10.3.2, true, -1, true",
  })
  void conditionsAreThoseOfLucene(
      int java, String lucene, boolean module, int upper, boolean expected) {
    assertEquals(expected, new SimdSupport.Jvm(java, lucene, module, upper, true).allowed());
  }

  @Test
  void saysWhatWouldSwitchItOn() {
    assertEquals(
        "SIMD is off for vectors: Lucene 9.12.3 on Java 25: start Java with "
            + MODULE
            + " "
            + UPPER
            + "25",
        off(25, "9.12.3", false, true));
    assertEquals(
        "SIMD is off for vectors: Lucene 10.3.2 on Java 25: start Java with " + MODULE,
        off(25, "10.3.2", false, true));
    assertEquals(
        "SIMD is off for vectors: Lucene 9.12.3 on Java 17: this Lucene needs Java 20 or later for"
            + " it; no flag helps",
        off(17, "9.12.3", true, true));
    assertTrue(off(25, "10.3.2", true, false).endsWith("which Lucene asks for"));
    assertTrue(off(25, "10.3.2", true, true).contains("registers are too narrow"));
  }

  private static String off(int java, String lucene, boolean module, boolean capable) {
    return SimdSupport.describe(new SimdSupport.Jvm(java, lucene, module, -1, capable), false)
        .summary();
  }

  @Test
  void whatLuceneChoseAgreesWithTheConditions() {
    SimdSupport here = SimdSupport.detect();
    assertEquals(SimdSupport.Jvm.current().allowed(), here.enabled(), here.summary());
  }
}
