/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import java.util.List;

/** A model itself as its one device. */
record OnlyDevice(BatchModel model) implements BatchDevice {

  @Override
  public String name() {
    String device = model.facts().device();
    return device.isEmpty() ? "device" : device;
  }

  @Override
  public BatchLayout layout() {
    return model.layout();
  }

  @Override
  public int maxBatchTokens() {
    return model.maxBatchTokens();
  }

  @Override
  public float[][] encode(List<TokenizedText> texts) {
    return model.encode(texts);
  }
}
