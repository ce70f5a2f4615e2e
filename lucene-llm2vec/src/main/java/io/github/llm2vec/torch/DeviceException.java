/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.List;
import java.util.Locale;
import org.apiguardian.api.API;

/** libtorch could not run a batch. The model stays usable. */
@API(status = API.Status.STABLE)
public final class DeviceException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final boolean outOfMemory;

  private DeviceException(String message, Throwable cause, boolean outOfMemory) {
    super(message, cause);
    this.outOfMemory = outOfMemory;
  }

  static DeviceException of(RuntimeException cause, PackedBatch batch, String device) {
    String work = "a batch of " + batch.texts() + " texts, " + batch.tokens() + " tokens";
    return of(cause, device, work, "lower the token budget");
  }

  /**
   * A failure of any work.
   *
   * @param device its name
   * @param work what was done, and how much of it
   * @param remedy what needs less memory
   */
  static DeviceException of(RuntimeException cause, String device, String work, String remedy) {
    String text = String.valueOf(cause.getMessage());
    String lower = text.toLowerCase(Locale.ROOT);
    boolean memory =
        lower.contains("out of memory")
            || lower.contains("can't allocate memory")
            || lower.contains("not enough memory");
    String message =
        memory
            ? "out of memory on " + device + " with " + work + "; " + remedy
            : "the model failed on " + device + " with " + work + ": " + lastLine(text);
    return new DeviceException(message, cause, memory);
  }

  /** libtorch puts the script's trace first and the reason last. */
  private static String lastLine(String text) {
    List<String> lines = text.strip().lines().toList();
    return lines.stream()
        .filter(line -> line.startsWith("RuntimeError:"))
        .findFirst()
        .orElse(lines.get(lines.size() - 1));
  }

  /** Whether a smaller batch may succeed. */
  public boolean outOfMemory() {
    return outOfMemory;
  }
}
