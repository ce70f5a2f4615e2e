/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import org.apache.lucene.codecs.Codec;
import org.apache.lucene.tests.index.BaseKnnVectorsFormatTestCase;
import org.apache.lucene.tests.util.TestUtil;

/** Lucene's own contract of a vector format, for Int4 vectors. */
public class WideInt4FormatContractTest extends BaseKnnVectorsFormatTestCase {

  private final Codec codec =
      Llm2VecCodec.over(
          TestUtil.getDefaultCodec(),
          field ->
              WideVectorsFormat.of(
                  VectorFormatOptions.DEFAULTS
                      .withQuantization(VectorQuantization.INT4)
                      .withMaxDimensions(2048)));

  @Override
  protected Codec getCodec() {
    return codec;
  }
}
