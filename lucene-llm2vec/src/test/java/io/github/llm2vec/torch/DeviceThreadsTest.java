/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.pytorch.jni.JniUtils;
import org.junit.jupiter.api.Test;

/** Each device thread has a number of threads within an operation of its own. */
class DeviceThreadsTest {

  private static int threads(DeviceThread thread) {
    return thread.call(JniUtils::getNumThreads);
  }

  @Test
  void aNumberIsOfOneThreadAlone() {
    int usual = TorchRuntime.threads();
    try (DeviceThread before = new DeviceThread();
        DeviceThread one = new DeviceThread(1);
        DeviceThread three = new DeviceThread(3);
        DeviceThread after = new DeviceThread()) {
      assertEquals(1, threads(one));
      assertEquals(3, threads(three));
      assertEquals(usual, threads(before));
      assertEquals(usual, threads(after));
      assertEquals(usual, TorchRuntime.threads());
    }
  }
}
