/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import org.apache.lucene.codecs.Codec;
import org.apache.lucene.tests.index.BaseKnnVectorsFormatTestCase;
import org.apache.lucene.tests.util.TestUtil;

/** Lucene's own contract of a vector format, for the formats of this library. */
public abstract class WideFormatContract extends BaseKnnVectorsFormatTestCase {

  private final Codec codec;

  WideFormatContract(VectorQuantization quantization) {
    this.codec =
        Llm2VecCodec.over(
            TestUtil.getDefaultCodec(),
            field ->
                WideVectorsFormat.of(
                    VectorFormatOptions.DEFAULTS
                        .withQuantization(quantization)
                        .withMaxDimensions(2048)));
  }

  @Override
  protected Codec getCodec() {
    return codec;
  }

  // Abstract in Lucene 10.6, unknown to earlier releases: its test would need the files of a format
  // forged, without the floats that we always keep.
  @SuppressWarnings("MissingOverride")
  protected boolean supportsFloatVectorFallback() {
    return false;
  }
}
