/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.update.text.TextHash;
import io.github.llm2vec.solr.update.vector.StoredVector.Origin;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StoredVectorTest {

  // The first half of the SHA-256 of "abc", FIPS 180-2, appendix B.1.
  private static final TextHash ABC = new TextHash(0xba7816bf8f01cfeaL, 0x414140de5dae2223L);

  private static final StoredVector COPY =
      new StoredVector(
          Origin.MODEL, 0x0102030405060708L, ABC, new FloatList(new float[] {1, -0.5f, 0.1f}));

  @Test
  void textIsKnownByTheFirstHalfOfItsSha256() {
    assertEquals(ABC, TextHash.of("abc"));
  }

  @Test
  void bytesAreThoseOfTheFormat() {
    byte[] bytes = COPY.toBytes(CopyPrecision.FLOAT32);
    assertEquals(27 + 3 * 4, bytes.length);
    assertEquals(
        List.of((byte) 1, (byte) 'm', (byte) 4, (byte) 1, (byte) 2),
        List.of(bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]));
    assertEquals(1f, ByteBuffer.wrap(bytes).getFloat(27));
    assertEquals(27 + 3 * 2, COPY.toBytes(CopyPrecision.FLOAT16).length);
  }

  @Test
  void everyFormInWhichSolrHandsItOverIsRead() {
    byte[] bytes = COPY.toBytes(CopyPrecision.FLOAT32);
    byte[] within = new byte[bytes.length + 10];
    System.arraycopy(bytes, 0, within, 5, bytes.length);
    assertEquals(Optional.of(COPY), StoredVector.read(bytes));
    assertEquals(Optional.of(COPY), StoredVector.read(ByteBuffer.wrap(bytes)));
    assertEquals(Optional.of(COPY), StoredVector.read(ByteBuffer.wrap(within, 5, bytes.length)));
    assertEquals(Optional.of(COPY), StoredVector.read(Base64.getEncoder().encodeToString(bytes)));
  }

  @Test
  void whatIsRoundedComesBackAsItWasRounded() {
    float[] values = {1, -0.5f, 0.1f, 1e-7f};
    CopyPrecision.FLOAT16.round(values);
    StoredVector copy = new StoredVector(Origin.CLIENT, 0, ABC, new FloatList(values));
    assertEquals(Optional.of(copy), StoredVector.read(copy.toBytes(CopyPrecision.FLOAT16)));
  }

  @Test
  void anythingElseIsAsGoodAsMissing() {
    byte[] bytes = COPY.toBytes(CopyPrecision.FLOAT32);
    for (int length = 0; length < bytes.length; length++) {
      Optional<StoredVector> read = StoredVector.read(Arrays.copyOf(bytes, length));
      assertEquals(length >= 27 && (length - 27) % 4 == 0, read.isPresent(), length + " bytes");
    }
    for (int i = 0; i < 3; i++) {
      byte[] wrong = bytes.clone();
      wrong[i] = 120;
      assertTrue(StoredVector.read(wrong).isEmpty(), "byte " + i);
    }
    for (Object other : Arrays.asList(null, 17, "", "???", List.of(1, 2), new byte[0])) {
      assertTrue(StoredVector.read(other).isEmpty());
    }
  }
}
