/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.Device;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * A device on which a model runs.
 *
 * @param type {@code cpu} or {@code cuda}
 * @param index number of the GPU; 0 for the CPU
 */
@API(status = API.Status.STABLE)
public record TorchDevice(Type type, int index) {

  /** Kinds of device. */
  public enum Type {
    /** The processor. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA
  }

  /** The processor. */
  public static final TorchDevice CPU = new TorchDevice(Type.CPU, 0);

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /**
   * Reads a device as PyTorch writes it: {@code cpu}, {@code cuda} or {@code cuda:1}.
   *
   * @throws IllegalArgumentException for any other text
   */
  public static TorchDevice of(String name) {
    if (name.equals("cpu")) {
      return CPU;
    }
    Matcher matcher = CUDA.matcher(name);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("device must be cpu, cuda or cuda:N, got '" + name + "'");
    }
    return new TorchDevice(
        Type.CUDA, matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1)));
  }

  Device toDjl() {
    return type == Type.CPU ? Device.cpu() : Device.gpu(index);
  }

  @Override
  public String toString() {
    return type == Type.CPU ? "cpu" : "cuda:" + index;
  }
}
