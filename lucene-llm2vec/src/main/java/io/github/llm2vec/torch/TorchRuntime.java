/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;
import io.github.llm2vec.djl.DjlBootstrap;
import io.github.llm2vec.files.FailureReasons;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.Lock;

/**
 * DJL's PyTorch engine, started once and offline. Every other class of this package goes through it
 * before the first native call.
 */
public final class TorchRuntime {

  private static final String ENGINE = "PyTorch";

  private TorchRuntime() {}

  /**
   * Starts the engine if it is not running yet: unpacks and loads libtorch. DJL looks for its
   * engine through the context class loader of the first caller, which in a servlet container may
   * see nothing; see {@link DjlBootstrap}.
   *
   * @throws IllegalStateException if there is no libtorch for this platform, or another class
   *     loader holds it
   */
  public static void start() {
    try {
      DjlBootstrap.call(() -> Engine.getEngine(ENGINE));
    } catch (Exception | LinkageError e) {
      throw new IllegalStateException(
          "The PyTorch engine does not start: "
              + FailureReasons.of(e)
              + ". The class path needs pytorch-engine, pytorch-jni and pytorch-native-cpu of this"
              + " platform, all of them in one class loader that is not loaded twice; in place of the"
              + " last, PYTORCH_LIBRARY_PATH, PYTORCH_VERSION and PYTORCH_FLAVOR may name a build for"
              + " CUDA, which needs NVIDIA's driver (libcuda.so.1), see docs/gpu.md",
          e);
    }
  }

  /** Version of libtorch and threads per operation, for a start-up line. */
  public static String describe() {
    start();
    return "PyTorch "
        + Engine.getEngine(ENGINE).getVersion()
        + ", "
        + threads()
        + " threads, "
        + gpuCount()
        + " GPU";
  }

  /** GPUs that this process can use. */
  public static int gpuCount() {
    start();
    return CudaUtils.getGpuCount();
  }

  /** Threads that libtorch uses within one operation unless a model is given others. */
  public static int threads() {
    start();
    return AtStart.THREADS;
  }

  /**
   * Threads within one operation of each device that is the CPU.
   *
   * @param each what was asked for; if unsaid, several share what one alone would have
   * @return 0 for as many as libtorch has by itself
   */
  public static int threads(List<TorchDevice> devices, OptionalInt each) {
    int processors = Collections.frequency(devices, TorchDevice.CPU);
    return each.orElse(processors > 1 ? Math.max(1, threads() / processors) : 0);
  }

  /** Read before the first thread is given a number of its own. */
  private static final class AtStart {
    static final int THREADS = JniUtils.getNumThreads();
  }

  /**
   * A lock for those who bring their work to an end themselves when the process is to exit, as a
   * command does that saves what it has: while a thread holds it, models go on to work for it, for
   * half a minute at most. Otherwise the exit waits for the batches at hand only.
   */
  public static Lock orderlyExit() {
    return DeviceThread.orderlyExit();
  }

  /** Opens the root of everything native that one model owns. */
  static PtNDManager openManager(TorchDevice device) {
    require(device);
    return (PtNDManager) NDManager.newBaseManager(device.toDjl(), ENGINE);
  }

  /**
   * Checks that a device is there.
   *
   * @throws IllegalArgumentException if it is not
   */
  public static void require(TorchDevice device) {
    start();
    if (device.type() == TorchDevice.Type.CUDA && device.index() >= gpuCount()) {
      throw new IllegalArgumentException(
          "device "
              + device
              + " is not there: libtorch sees "
              + gpuCount()
              + " GPU. "
              + (gpuCount() == 0
                  ? "Here " + GpuSetup.ofProcess().missing() + "; see docs/gpu.md. "
                  : "")
              + "Device cpu always works.");
    }
  }
}
