/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The native side of a {@link DecoderTrainer}: a module that can be differentiated, on a device
 * thread of its own. Owns both and all weights.
 */
final class TrainingModule implements AutoCloseable {

  /** Makes what a call takes; a scope owns it. */
  interface Input<T> {
    T in(NativeScope scope);
  }

  /** Reads what a call gave. */
  interface Output<T> {
    T of(NativeScope scope, IValue value);
  }

  /** Loads a module on its device thread. */
  private interface Loader {
    ScriptModule load(PtNDManager manager) throws IOException;
  }

  /** A call with a batch. */
  private interface Call<T> {
    T run(NativeScope scope);
  }

  private final String name;
  private final boolean padded;
  private final boolean dropoutByText;
  private final OptionalInt longRopeBeyond;
  private final DeviceThread thread;
  private final PtNDManager manager;
  private final ScriptModule module;
  private final ReentrantLock lock = new ReentrantLock(); // keeps calls that belong together so

  private TrainingModule(
      DecoderSpec spec,
      TrainDevices devices,
      int copy,
      DeviceThread thread,
      PtNDManager manager,
      ScriptModule module) {
    this.name = TorchDevice.names(devices.list()).get(copy);
    this.padded = devices.list().get(copy).type() == TorchDevice.Type.CUDA;
    this.dropoutByText = devices.dropoutByText();
    this.longRopeBeyond = spec.longRopeBeyond();
    this.thread = thread;
    this.manager = manager;
    this.module = module;
  }

  static TrainingModule open(
      DecoderSpec spec, CheckpointWeights weights, TrainOptions options, LoadListener listener)
      throws IOException {
    return start(
        spec, options.devices(), 0, manager -> load(manager, spec, weights, options, listener));
  }

  /**
   * A copy that has the weights of this module, on the same device in the same memory.
   *
   * @param copy its place among the devices
   */
  TrainingModule replicate(DecoderSpec spec, TrainOptions options, int copy) throws IOException {
    TrainingModule other =
        start(
            spec,
            options.devices(),
            copy,
            manager -> compile(manager, spec, options, options.devices().list().get(copy)));
    try {
      handTo(other, "weights", "follow");
      other.onDevice(
          () -> {
            JniUtils.setGradMode(true);
            return other.module.differentiate("settle");
          });
      return other;
    } catch (RuntimeException | Error e) {
      other.close();
      throw e;
    }
  }

  private static TrainingModule start(
      DecoderSpec spec, TrainDevices devices, int copy, Loader loader) throws IOException {
    DeviceThread thread = new DeviceThread(devices.threads());
    try {
      return thread.call(
          () -> {
            PtNDManager manager = TorchRuntime.openManager(devices.list().get(copy));
            try {
              ScriptModule module = loader.load(manager);
              return new TrainingModule(spec, devices, copy, thread, manager, module);
            } catch (IOException | RuntimeException | Error e) {
              manager.close();
              throw e;
            }
          });
    } catch (DeviceThread.DeviceTaskException e) {
      thread.close();
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw e;
    } catch (RuntimeException | Error e) {
      thread.close();
      throw e;
    }
  }

  private static ScriptModule compile(
      PtNDManager manager, DecoderSpec spec, TrainOptions options, TorchDevice device) {
    WeightLayout layout = new WeightLayout(spec, LinearKernel.PLAIN);
    LoraLayout lora = LoraLayout.of(spec, options.trained());
    int adopted = options.allWeights() ? layout.slots().size() : 0;
    String text =
        new TrainingScript(spec, options, layout, lora).text()
            + ReplicaScript.text(device, adopted);
    return new ScriptModule(manager, text, TrainingScript.LISTS);
  }

  private static ScriptModule load(
      PtNDManager manager,
      DecoderSpec spec,
      CheckpointWeights weights,
      TrainOptions options,
      LoadListener listener)
      throws IOException {
    if (spec.perLayerSize() > 0) {
      throw new IllegalArgumentException(
          "models of type " + spec.modelType() + " can be used but not trained");
    }
    WeightLayout layout = new WeightLayout(spec, LinearKernel.PLAIN);
    LoraLayout lora = LoraLayout.of(spec, options.trained());
    ScriptModule module = compile(manager, spec, options, options.devices().first());
    try {
      WeightLoader loader =
          new WeightLoader(module, layout, options.decoder(), LinearKernel.PLAIN, weights);
      loader.load(manager, listener);
      initialise(module, lora, options.seed());
      if (options.allWeights()) {
        for (int index = 0; index < layout.slots().size(); index++) {
          adopt(module, index);
        }
      }
      loadHead(manager, module, loader, spec, options);
      initialiseDense(module, spec.outputSize(), options);
      JniUtils.setGradMode(true);
      module.differentiate("prepare");
      return module;
    } catch (IOException | RuntimeException | Error e) {
      module.close();
      throw e;
    }
  }

  /** A uniform within {@code 1 / sqrt(in)}, B zero, as PEFT has it. */
  private static void initialise(ScriptModule module, LoraLayout lora, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (LoraLayout.Matrix matrix : lora.matrices()) {
      float[] values = new float[Math.toIntExact(matrix.elements())];
      if (matrix.name().endsWith("lora_A.weight")) {
        double bound = 1 / Math.sqrt(matrix.columns());
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextDouble(-bound, bound);
        }
      }
      try (NativeScope scope = module.scope()) {
        module.call(
            scope, "add", scope.tensor(scope.floats(values, matrix.rows(), matrix.columns())));
      }
    }
  }

  /** Uniform within {@code 1 / sqrt(in)}, as {@code torch.nn.Linear} has it, and no bias. */
  private static void initialiseDense(ScriptModule module, int in, TrainOptions options) {
    int out = options.denseWidth();
    if (out == 0) {
      return;
    }
    SplittableRandom random = new SplittableRandom(~options.seed());
    float[] weight = new float[Math.multiplyExact(out, in)];
    double bound = 1 / Math.sqrt(in);
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) random.nextDouble(-bound, bound);
    }
    try (NativeScope scope = module.scope()) {
      module.call(scope, "add", scope.tensor(scope.floats(weight, out, in)));
      module.call(scope, "add", scope.tensor(scope.floats(new float[out], out)));
    }
  }

  private static void loadHead(
      PtNDManager manager,
      ScriptModule module,
      WeightLoader loader,
      DecoderSpec spec,
      TrainOptions options)
      throws IOException {
    boolean trained = options.head() == LanguageModelHead.TRAINED;
    if (!trained && options.head() != LanguageModelHead.FROZEN) {
      return;
    }
    WeightLayout.Slot slot = WeightLayout.head(spec);
    int index = loader.append(manager, slot, trained ? DType.FLOAT32 : options.dtype());
    if (trained) {
      adopt(module, index);
      try (NativeScope scope = module.scope()) {
        module.call(scope, "drop");
      }
    }
  }

  private static void adopt(ScriptModule module, int index) {
    try (NativeScope scope = module.scope()) {
      module.call(scope, "adopt", scope.number((long) index));
    }
  }

  /** Makes several calls that no other caller's come between. */
  <T> T together(Supplier<T> calls) {
    lock.lock();
    try {
      return calls.get();
    } finally {
      lock.unlock();
    }
  }

  private <T> T onDevice(Callable<T> task) {
    return together(() -> thread.call(task));
  }

  /** Calls a method without autograd. */
  <T> T call(String method, Input<IValue[]> input, Output<T> output) {
    return onDevice(
        () -> {
          try (NativeScope scope = module.scope()) {
            return output.of(scope, module.call(scope, method, input.in(scope)));
          }
        });
  }

  /** Calls a method that gives nothing, without autograd. */
  void call(String method, Input<IValue[]> input) {
    call(method, input, (scope, value) -> true);
  }

  /** Calls a method that takes and gives nothing, without autograd. */
  void call(String method) {
    call(method, scope -> new IValue[0]);
  }

  /** Calls a method of another copy with the tensors that a method of this one gives. */
  void handTo(TrainingModule other, String give, String take) {
    onDevice(
        () -> {
          try (NativeScope scope = module.scope()) {
            IValue given = module.call(scope, give);
            return other.thread.call(() -> other.module.call(scope, take, given));
          } catch (EngineException e) {
            throw DeviceException.of(
                e, name + " or " + other.name, "weights or gradients", "train with less");
          }
        });
  }

  /** Calls a method without autograd that reads a batch. */
  <T> T call(
      String method,
      PackedBatch batch,
      BatchInputs.Pass pass,
      Input<List<PtNDArray>> more,
      Output<T> output) {
    return staged(batch, pass, more, scope -> output.of(scope, module.call(scope, method)));
  }

  /** Calls a method with autograd that reads a batch and gives a number. */
  double differentiate(
      String method, PackedBatch batch, BatchInputs.Pass pass, Input<List<PtNDArray>> more) {
    return staged(
        batch,
        pass,
        more,
        scope -> {
          try {
            return (double) module.differentiate(method);
          } finally {
            // A pass that fails half-way may have left it off.
            JniUtils.setGradMode(true);
          }
        });
  }

  private <T> T staged(
      PackedBatch batch, BatchInputs.Pass pass, Input<List<PtNDArray>> more, Call<T> call) {
    return onDevice(
        () -> {
          try (NativeScope scope = module.scope()) {
            List<PtNDArray> inputs =
                new ArrayList<>(
                    BatchInputs.of(batch, longRopeBeyond, padded || batch.hasUnseen(), scope));
            inputs.addAll(BatchInputs.of(pass, batch, dropoutByText, scope));
            inputs.addAll(more.in(scope));
            module.call(scope, "stage", scope.tensors(inputs.toArray(new PtNDArray[0])));
            try {
              return call.run(scope);
            } finally {
              // Their bytes are the scope's, so the module must not keep them.
              module.call(scope, "unstage");
            }
          } catch (EngineException e) {
            throw DeviceException.of(e, batch, name);
          }
        });
  }

  @Override
  public void close() {
    together(
        () -> {
          thread.closeAfter(
              () -> {
                module.close();
                manager.close();
              });
          return true;
        });
  }
}
