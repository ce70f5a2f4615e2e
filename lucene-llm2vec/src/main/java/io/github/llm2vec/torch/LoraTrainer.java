/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.github.llm2vec.model.DecoderSpec;
import io.github.llm2vec.torch.LoraLayout.Matrix;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A frozen language model with a low-rank adapter that is trained: losses, their gradients and the
 * optimiser, computed by libtorch. A training step is any number of losses, whose gradients add up,
 * then {@link #clipGradients}, {@link #update} and {@link #zeroGradients}.
 *
 * <p>Trained tensors are named as PEFT names them, without {@code base_model.model.}: {@code
 * layers.0.self_attn.q_proj.lora_A.weight}; a trained head is {@code lm_head.weight}. They are kept
 * in single precision.
 *
 * <p>Thread-safe; calls run one after the other on the trainer's device thread. Owns the native
 * module and all its weights, which {@link #close} frees.
 */
public final class LoraTrainer implements AutoCloseable {

  private static final String HEAD = "lm_head.weight";

  /** Tensors that belong to a trained one. */
  public enum Kind {
    /** Its values. */
    VALUE(0),
    /** The gradient collected so far. */
    GRADIENT(1),
    /** Adam's mean gradient. */
    MEAN(2),
    /** Adam's mean squared gradient. */
    MEAN_SQUARE(3);

    private final long code; // of TrainingScript

    Kind(long code) {
      this.code = code;
    }
  }

  private final DecoderSpec spec;
  private final TrainOptions options;
  private final DeviceThread thread;
  private final PtNDManager manager;
  private final ScriptModule module;
  private final List<Matrix> matrices;
  private final Map<String, Integer> indexes = new LinkedHashMap<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  private LoraTrainer(
      DecoderSpec spec,
      TrainOptions options,
      DeviceThread thread,
      PtNDManager manager,
      ScriptModule module) {
    this.spec = spec;
    this.options = options;
    this.thread = thread;
    this.manager = manager;
    this.module = module;
    List<Matrix> all = new ArrayList<>(new LoraLayout(spec, options.lora()).matrices());
    if (options.head() == LanguageHead.TRAINED) {
      all.add(new Matrix(HEAD, spec.vocabSize(), spec.hiddenSize()));
    }
    matrices = List.copyOf(all);
    matrices.forEach(matrix -> indexes.put(matrix.name(), indexes.size()));
  }

  /**
   * Loads a model and gives it a new adapter: A uniform within {@code 1 / sqrt(in)}, B zero, so
   * that it changes nothing yet.
   *
   * @param weights the frozen model, and adapters to merge into it first; may be closed afterwards
   * @throws IOException if a tensor is missing, has another shape, cannot be read or holds NaN
   * @throws IllegalArgumentException if the device is not there
   */
  public static LoraTrainer open(
      DecoderSpec spec, CheckpointWeights weights, TrainOptions options, LoadListener listener)
      throws IOException {
    DeviceThread thread = new DeviceThread();
    try {
      return thread.call(() -> openHere(spec, weights, options, listener, thread));
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

  private static LoraTrainer openHere(
      DecoderSpec spec,
      CheckpointWeights weights,
      TrainOptions options,
      LoadListener listener,
      DeviceThread thread)
      throws IOException {
    PtNDManager manager = TorchRuntime.openManager(options.device());
    ScriptModule module = null;
    try {
      WeightLayout layout = new WeightLayout(spec, LinearKernel.PLAIN);
      LoraLayout lora = new LoraLayout(spec, options.lora());
      DecoderScript decoder =
          new DecoderScript(spec, options.dtype(), LinearKernel.PLAIN, layout, lora);
      String text = TrainingScript.text(decoder, options);
      module = new ScriptModule(manager, text, List.of("w", "l", "g", "m", "v", "d"));
      new WeightLoader(module, layout, options.decoder(), LinearKernel.PLAIN, weights)
          .load(manager, listener);
      LoraTrainer trainer = new LoraTrainer(spec, options, thread, manager, module);
      JniUtils.setGradMode(true);
      Engine.getEngine("PyTorch").setRandomSeed((int) options.seed());
      trainer.create(weights);
      module.differentiate("prepare");
      return trainer;
    } catch (IOException | RuntimeException | Error e) {
      if (module != null) {
        module.close();
      }
      manager.close();
      throw e;
    }
  }

  private void create(CheckpointWeights weights) throws IOException {
    SplittableRandom random = new SplittableRandom(options.seed());
    for (Matrix matrix : matrices) {
      float[] values = new float[Math.toIntExact(matrix.elements())];
      if (matrix.name().equals(HEAD)) {
        WeightLayout.Part part = new WeightLayout.Part(HEAD, matrix.rows(), matrix.columns());
        weights.base().read(weights.find(part), 0, FloatBuffer.wrap(values));
      } else if (matrix.name().endsWith("lora_A.weight")) {
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

  /** Names of the trained tensors, in order. */
  public List<String> names() {
    return matrices.stream().map(Matrix::name).toList();
  }

  /** Rows and columns of a trained tensor. */
  public List<Long> shape(String name) {
    Matrix matrix = matrices.get(index(name));
    return List.of((long) matrix.rows(), (long) matrix.columns());
  }

  /** Reads a trained tensor or what belongs to it, row-major. */
  public float[] get(Kind kind, String name) {
    int index = index(name);
    return thread.call(
        () -> {
          try (NativeScope scope = module.scope()) {
            IValue value =
                module.call(scope, "read", scope.number(kind.code), scope.number((long) index));
            float[] result = new float[Math.toIntExact(matrices.get(index).elements())];
            PtNDArray array = scope.toTensor(value);
            array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer().get(result);
            return result;
          }
        });
  }

  /**
   * Overwrites a trained tensor or what belongs to it.
   *
   * @param values row-major, of {@link #shape}
   */
  public void set(Kind kind, String name, float[] values) {
    int index = index(name);
    Matrix matrix = matrices.get(index);
    if (values.length != matrix.elements()) {
      throw new IllegalArgumentException(
          name + " has " + matrix.elements() + " elements, got " + values.length);
    }
    inference(
        "set",
        scope ->
            new IValue[] {
              scope.number(kind.code),
              scope.number((long) index),
              scope.tensor(scope.floats(values, matrix.rows(), matrix.columns()))
            });
  }

  private int index(String name) {
    Integer index = indexes.get(name);
    if (index == null) {
      throw new IllegalArgumentException(
          "no trained tensor is called " + name + "; there are " + indexes.keySet());
    }
    return index;
  }

  /**
   * Adds the gradient of the masked-token loss: the mean cross-entropy of the labelled tokens
   * (BehnamGhader et al., 2024, LLM2Vec, section 2.1), logits in single precision.
   *
   * @param batch texts with labels
   * @param weight what the gradient is multiplied by, such as one over the accumulated batches
   * @return the loss, not weighted
   * @throws IllegalArgumentException if nothing is labelled, for which the mean would be NaN, or an
   *     id or length does not fit the model
   * @throws IllegalStateException if there is no head, or this trainer is closed
   * @throws DeviceException if libtorch fails; the gradients may then hold anything
   */
  public double addMaskedLoss(PackedBatch batch, double weight) {
    if (options.head() == LanguageHead.NONE) {
      throw new IllegalStateException("a masked-token loss needs a head, but it is NONE");
    }
    if (batch.labels() == 0) {
      throw new IllegalArgumentException("no token of this batch is labelled; skip it");
    }
    if (Arrays.stream(batch.label()).anyMatch(id -> id < 0 || id >= spec.vocabSize())) {
      throw new IllegalArgumentException("a label is outside the vocabulary " + spec.vocabSize());
    }
    return differentiate(
        "masked_gradient",
        batch,
        scope ->
            List.of(
                scope.longs(batch.predictor()), scope.longs(batch.label()), scope.scalar(weight)));
  }

  /**
   * Adds the gradient of the contrastive loss: the mean cross-entropy of each query's scaled
   * cosines to all other texts, among which its own is the right one (LLM2Vec, section 2.1; the
   * reference's {@code HardNegativeNLLLoss}), in single precision.
   *
   * @param batch texts with pooling: {@code queries} queries, then one positive for each, then any
   *     number of hard negatives
   * @param queries N
   * @param scale what cosines are multiplied by
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   * @throws IllegalArgumentException if there are fewer than two texts per query, or an id or
   *     length does not fit the model
   * @throws DeviceException if libtorch fails; the gradients may then hold anything
   */
  public double addContrastiveLoss(PackedBatch batch, int queries, double scale, double weight) {
    if (queries < 1 || batch.texts() < 2 * queries) {
      throw new IllegalArgumentException(
          queries + " queries need as many positives, got " + batch.texts() + " texts together");
    }
    long[] own = new long[queries];
    Arrays.setAll(own, i -> i);
    return differentiate(
        "contrastive_gradient",
        batch,
        scope ->
            List.of(
                scope.longs(batch.poolToken()),
                scope.longs(batch.poolRow()),
                scope.floats(batch.poolWeight(), batch.poolWeight().length),
                scope.longs(batch.texts(), queries),
                scope.scalar(scale),
                scope.longs(own),
                scope.scalar(weight)));
  }

  private double differentiate(String method, PackedBatch batch, Arguments<List<PtNDArray>> more) {
    BatchInputs.check(batch, spec, options.maxTokens());
    return thread.call(
        () -> {
          try (NativeScope scope = module.scope()) {
            List<PtNDArray> inputs = BatchInputs.of(batch, scope, options.device());
            inputs.addAll(more.in(scope));
            module.call(scope, "stage", scope.tensors(inputs.toArray(new PtNDArray[0])));
            try {
              return (double) module.differentiate(method);
            } finally {
              // Their bytes are the scope's, so the module must not keep them.
              module.call(scope, "unstage");
            }
          } catch (EngineException e) {
            throw DeviceException.of(e, batch, options.device());
          }
        });
  }

  /** The Euclidean norm of all gradients together. */
  public double gradientNorm() {
    return thread.call(
        () -> {
          try (NativeScope scope = module.scope()) {
            return module.call(scope, "norm_of_gradients").toDouble();
          }
        });
  }

  /**
   * Scales all gradients down to a norm, as {@code torch.nn.utils.clip_grad_norm_} does.
   *
   * @return the norm before
   */
  public double clipGradients(double maxNorm) {
    double norm = gradientNorm();
    double factor = maxNorm / (norm + 1e-6);
    if (factor < 1) {
      inference("scale_gradients", scope -> new IValue[] {scope.number(factor)});
    }
    return norm;
  }

  /** Sets all gradients to zero. */
  public void zeroGradients() {
    inference("zero_gradients", scope -> new IValue[0]);
  }

  /**
   * Moves every trained tensor against its gradient.
   *
   * @param step number of this update, from 1; corrects the bias of the moments' start
   */
  public void update(AdamW adam, int step) {
    double size = adam.learningRate() / (1 - Math.pow(adam.beta1(), step));
    double root = Math.sqrt(1 - Math.pow(adam.beta2(), step));
    double decay = 1 - adam.learningRate() * adam.weightDecay();
    inference(
        "update",
        scope ->
            new IValue[] {
              scope.number(size),
              scope.number(decay),
              scope.number(adam.beta1()),
              scope.number(adam.beta2()),
              scope.number(root),
              scope.number(adam.epsilon())
            });
  }

  private void inference(String method, Arguments<IValue[]> arguments) {
    thread.call(
        () -> {
          try (NativeScope scope = module.scope()) {
            return module.call(scope, method, arguments.in(scope));
          }
        });
  }

  /** Makes arguments that a scope owns. */
  private interface Arguments<T> {
    T in(NativeScope scope);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      thread.call(
          () -> {
            module.close();
            manager.close();
            return true;
          });
      thread.close();
    }
  }
}
