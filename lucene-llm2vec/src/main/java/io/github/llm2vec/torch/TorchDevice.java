/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
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

  /**
   * Reads devices with commas between them, such as {@code cuda:0,cuda:1} or {@code cpu,cpu}.
   *
   * @throws IllegalArgumentException if one is none, or as {@link #requireDistinct} does
   */
  public static List<TorchDevice> listOf(String names) {
    List<TorchDevice> devices =
        Arrays.stream(names.split(",", -1)).map(String::strip).map(TorchDevice::of).toList();
    requireDistinct(devices);
    return devices;
  }

  /**
   * Checks that devices can run one model together.
   *
   * @throws IllegalArgumentException if there is none, or a GPU is there twice; the CPU may be, as
   *     each then has threads of its own
   */
  public static void requireDistinct(List<TorchDevice> devices) {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("device is an empty list; name at least one, such as cpu");
    }
    for (TorchDevice device : devices) {
      if (device.type == Type.CUDA && Collections.frequency(devices, device) > 1) {
        throw new IllegalArgumentException(
            "device lists " + device + " twice; a GPU runs one copy of a model");
      }
    }
  }

  /** What devices are called side by side: with a number where the processor is there twice. */
  public static List<String> names(List<TorchDevice> devices) {
    List<String> names = new ArrayList<>();
    for (TorchDevice device : devices) {
      boolean alone = Collections.frequency(devices, device) == 1;
      int before = Collections.frequency(devices.subList(0, names.size()), device);
      names.add(alone ? device.toString() : device + ":" + before);
    }
    return names;
  }

  Device toDjl() {
    return type == Type.CPU ? Device.cpu() : Device.gpu(index);
  }

  @Override
  public String toString() {
    return type == Type.CPU ? "cpu" : "cuda:" + index;
  }
}
