/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.junit.jupiter.api.Test;

class FieldIdentityTest {

  private static final FieldIdentity MINE =
      new FieldIdentity("default", "fa4e", "mean", 16, "Say \"what\":\nthis is", "float32", "");

  @Test
  void termTellsEverythingAndComesBack() {
    assertEquals(
        "{\"model\":\"default\",\"fingerprint\":\"fa4e\",\"pooling\":\"mean\",\"dimensions\":16,"
            + "\"instruction\":\"Say \\\"what\\\":\\nthis is\",\"dtype\":\"float32\"}",
        MINE.toTerm());
    assertEquals(Optional.of(MINE), FieldIdentity.ofTerm(MINE.toTerm()));
  }

  @Test
  void otherTermsAreNotTakenForIdentities() {
    for (String other : List.of("", "bert", "{", "{}", "[1]", "{\"fingerprint\":\"x\"}", "null")) {
      assertEquals(Optional.empty(), FieldIdentity.ofTerm(other), other);
    }
  }

  @Test
  void anotherNameOfTheSameModelIsNoOtherModel() {
    for (String half : List.of("bfloat16", "float16", "int8")) {
      FieldIdentity other =
          new FieldIdentity("default", "fa4e", "mean", 16, MINE.instruction(), half, "");
      assertFalse(MINE.agreesWith(other));
      assertTrue(MINE.comparesWith(other.fingerprint(), "", 16));
    }
    assertTrue(
        MINE.agreesWith(new FieldIdentity("alias", "fa4e", "", 16, MINE.instruction(), "", "")));
    assertFalse(MINE.agreesWith(new FieldIdentity("default", "beef", "mean", 16, "", "", "")));
    assertFalse(MINE.agreesWith(new FieldIdentity("default", "fa4e", "mean", 16, "", "", "")));
    assertFalse(
        MINE.agreesWith(
            new FieldIdentity("default", "fa4e", "mean", 8, MINE.instruction(), "", "")));
  }

  @Test
  void anotherTokenizerIsAnotherModelWhereBothAreKnown() {
    FieldIdentity known = withTokenizer("t1");
    assertEquals(Optional.of(known), FieldIdentity.ofTerm(known.toTerm()));
    assertTrue(known.agreesWith(MINE));
    assertTrue(MINE.agreesWith(known));
    assertTrue(known.agreesWith(withTokenizer("t1")));
    assertFalse(known.agreesWith(withTokenizer("t2")));
    assertTrue(known.comparesWith("fa4e", "", 16));
    assertFalse(known.comparesWith("fa4e", "t2", 16));
  }

  private static FieldIdentity withTokenizer(String tokenizer) {
    return new FieldIdentity(
        "default", "fa4e", "mean", 16, MINE.instruction(), "float32", tokenizer);
  }

  @Test
  void instructionOfAQueryIsItsOwn() {
    assertTrue(MINE.comparesWith("fa4e", "", 16));
    assertFalse(MINE.comparesWith("fa4e", "", 8));
    assertFalse(MINE.comparesWith("beef", "", 16));
  }

  @Test
  void cutVectorHasLengthOneAgain() {
    VectorField field = new VectorField("v", 2, VectorSimilarityFunction.DOT_PRODUCT, false);
    assertArrayEquals(
        new float[] {0.6f, 0.8f}, field.cut(new float[] {0.3f, 0.4f, 0.5f}, true), 1e-7f);
    assertArrayEquals(
        new float[] {0.3f, 0.4f}, field.cut(new float[] {0.3f, 0.4f, 0.5f}, false), 0f);
    assertArrayEquals(new float[] {0, 0}, field.cut(new float[] {0, 0, 1}, true), 0f);
    float[] fits = {3, 4};
    assertSame(fits, field.cut(fits, true));
  }
}
