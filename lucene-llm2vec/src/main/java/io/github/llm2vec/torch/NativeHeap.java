/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The heap of libtorch, which is that of the C library. */
final class NativeHeap {

  private static final Logger LOG = LoggerFactory.getLogger(NativeHeap.class);

  private static final String COMMANDS = "com.sun.management:type=DiagnosticCommand";
  private static final String TRIM = "systemTrimNativeHeap";

  private NativeHeap() {}

  /**
   * Gives what was freed back to the operating system, as far as that has to be asked for: glibc
   * keeps it where it lies between what is in use, 0.7 GB beside 8 GB of weights in 8 bits. Only
   * the JVM can ask (Linux, Java 17.0.9 and later); elsewhere nothing happens.
   */
  static void trim() {
    try {
      Object said =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(new ObjectName(COMMANDS), TRIM, new Object[0], new String[0]);
      LOG.debug("trimmed the native heap: {}", said);
    } catch (JMException | RuntimeException e) {
      LOG.debug("the native heap cannot be trimmed here", e);
    }
  }
}
