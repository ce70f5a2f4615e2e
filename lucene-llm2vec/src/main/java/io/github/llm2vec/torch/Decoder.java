/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;

/**
 * A language model in memory: token ids in, pooled hidden states out, one native call per batch.
 *
 * <p>Thread-safe; calls run one after the other on the model's device thread. Owns the native
 * module and all its weights, which {@link #close} frees.
 */
public final class Decoder implements AutoCloseable {

  private final DecoderSpec spec;
  private final DecoderOptions options;
  private final LinearKernel kernel;
  private final DeviceThread thread;
  private final ScriptModule module;
  private final SharedModule shared;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Decoder(
      DecoderSpec spec,
      DecoderOptions options,
      LinearKernel kernel,
      DeviceThread thread,
      SharedModule shared) {
    this.spec = spec;
    this.options = options;
    this.kernel = kernel;
    this.thread = thread;
    this.module = shared.module;
    this.shared = shared;
  }

  /** A module with the decoders that run it; the last of them frees it. */
  private static final class SharedModule {

    private final PtNDManager manager;
    private final ScriptModule module;
    private final AtomicInteger users = new AtomicInteger();

    SharedModule(PtNDManager manager, ScriptModule module) {
      this.manager = manager;
      this.module = module;
    }

    /** Counts a decoder in; false if the last one has gone. */
    boolean enter() {
      return users.getAndUpdate(count -> count < 0 ? count : count + 1) >= 0;
    }

    /** To be called on a device thread. */
    void exit() {
      if (users.updateAndGet(count -> count == 1 ? -1 : count - 1) < 0) {
        module.close();
        manager.close();
      }
    }
  }

  /**
   * Loads a model.
   *
   * @param spec its architecture
   * @param weights its tensors and adapters; may be closed afterwards
   * @param options dtype, device and sizes
   * @param listener told how far it is
   * @throws IOException if a tensor is missing, has another shape, cannot be read or holds NaN
   * @throws IllegalArgumentException if the device is not there or the rotary embedding does not
   *     reach as far as {@code options.maxTokens()}
   */
  public static Decoder load(
      DecoderSpec spec, CheckpointWeights weights, DecoderOptions options, LoadListener listener)
      throws IOException {
    requireReach(spec, options.maxTokens());
    DeviceThread thread = new DeviceThread(options.threads());
    try {
      return thread.call(() -> loadHere(spec, weights, options, listener, thread));
    } catch (DeviceThread.DeviceTaskException e) {
      thread.close();
      throw failure(e);
    } catch (RuntimeException | Error e) {
      thread.close();
      throw e;
    }
  }

  /**
   * A second decoder over the same weights, which runs on a device thread of its own beside this
   * one. Costs no memory but that of its batches; the weights live until both are closed.
   *
   * @param threads within one of its operations, or 0 for as many as libtorch has by itself
   * @throws IllegalStateException if this decoder is closed
   */
  public Decoder replicate(int threads) {
    if (!shared.enter()) {
      throw new IllegalStateException("the model is closed");
    }
    DecoderOptions own =
        new DecoderOptions(
            options.dtype(),
            options.device(),
            options.maxTokens(),
            options.packedLinear(),
            threads);
    try {
      return new Decoder(spec, own, kernel, new DeviceThread(threads), shared);
    } catch (RuntimeException | Error e) {
      thread.call(
          () -> {
            shared.exit();
            return true;
          });
      throw e;
    }
  }

  /** Does all that {@link #load} does, and fails as that does, but keeps no weights. */
  public static void check(
      DecoderSpec spec, CheckpointWeights weights, DecoderOptions options, LoadListener listener)
      throws IOException {
    requireReach(spec, options.maxTokens());
    try (DeviceThread thread = new DeviceThread()) {
      thread.call(
          () -> {
            checkHere(spec, weights, options, listener);
            return null;
          });
    } catch (DeviceThread.DeviceTaskException e) {
      throw failure(e);
    }
  }

  /** The cause, if it is one that callers know. */
  private static DeviceThread.DeviceTaskException failure(DeviceThread.DeviceTaskException e)
      throws IOException {
    if (e.getCause() instanceof IOException failure) {
      throw failure;
    }
    return e;
  }

  private static void requireReach(DecoderSpec spec, int maxTokens) {
    for (DecoderSpec.Layer layer : spec.layers()) {
      if (layer.rope().maxLength() < maxTokens) {
        throw new IllegalArgumentException(
            "this model's rotary embedding holds up to "
                + layer.rope().maxLength()
                + " tokens, but texts of "
                + maxTokens
                + " are asked for; lower max_length");
      }
    }
  }

  private static Decoder loadHere(
      DecoderSpec spec,
      CheckpointWeights weights,
      DecoderOptions options,
      LoadListener listener,
      DeviceThread thread)
      throws IOException {
    PtNDManager manager = TorchRuntime.openManager(options.device());
    ScriptModule module = null;
    try {
      LinearKernel kernel = KernelChoice.of(manager, options);
      WeightLayout layout = new WeightLayout(spec, kernel);
      module =
          new ScriptModule(
              manager,
              new DecoderScript(spec, options.dtype(), kernel, layout).text(),
              Int4Script.lists(kernel),
              kernel.fbgemm() ? FbgemmScript.LISTS : List.of());
      new WeightLoader(module, layout, options, kernel, weights).load(manager, listener);
      SharedModule shared = new SharedModule(manager, module);
      shared.enter();
      return new Decoder(spec, options, kernel, thread, shared);
    } catch (IOException | RuntimeException | Error e) {
      if (module != null) {
        module.close();
      }
      manager.close();
      throw e;
    }
  }

  private static void checkHere(
      DecoderSpec spec, CheckpointWeights weights, DecoderOptions options, LoadListener listener)
      throws IOException {
    try (PtNDManager manager = TorchRuntime.openManager(options.device())) {
      LinearKernel kernel = KernelChoice.of(manager, options);
      WeightLayout layout = new WeightLayout(spec, kernel);
      String text = DecoderScript.weightsAlone(LinearKernel.PLAIN);
      try (ScriptModule module = new ScriptModule(manager, text)) {
        new WeightLoader(module, layout, options, kernel, weights).check(listener);
      }
    }
  }

  /** The architecture. */
  public DecoderSpec spec() {
    return spec;
  }

  /** How it is run. */
  public DecoderOptions options() {
    return options;
  }

  /**
   * Says how linear layers would be multiplied by a decoder with these options, without loading it.
   *
   * @throws IllegalArgumentException if the device is not there or the dtype does not run on it
   */
  public static String kernelDescription(DecoderOptions options) {
    try (DeviceThread thread = new DeviceThread(options.threads())) {
      return thread.call(
          () -> {
            try (PtNDManager manager = TorchRuntime.openManager(options.device())) {
              return KernelChoice.of(manager, options).description();
            }
          });
    }
  }

  /** The number format of the products with the weights, which need not be that of the weights. */
  public DType computesIn() {
    return kernel.computesIn(options.dtype());
  }

  /** Says in a few words how linear layers are multiplied. */
  public String kernelDescription() {
    return kernel.description();
  }

  /**
   * Runs a batch.
   *
   * @return {@code (batch.vectors(), H)}: the weighted sums of the pooled tokens' hidden states
   *     after the final norm, in single precision; usually one per text
   * @throws IllegalArgumentException if a token id is outside the vocabulary or a text is longer
   *     than {@code options().maxTokens()}
   * @throws IllegalStateException if this decoder is closed
   * @throws DeviceException if libtorch fails, for example for want of memory
   */
  public float[][] forward(PackedBatch batch) {
    return forward(batch, List.of());
  }

  /**
   * Runs a batch of which some texts have an adapter; see {@link #forward(PackedBatch)}.
   *
   * @param segments tokens of the batch with the adapter that is added for them; all others get the
   *     weights alone
   */
  public float[][] forward(PackedBatch batch, List<DecoderAdapter.Segment> segments) {
    if (batch.texts() == 0) {
      return new float[0][];
    }
    BatchInputs.check(batch, spec, options.maxTokens());
    return run(batch, segments);
  }

  /** Runs a batch that was checked, with the attention layout that suits it. */
  float[][] run(PackedBatch batch) {
    return run(batch, List.of());
  }

  private float[][] run(PackedBatch batch, List<DecoderAdapter.Segment> segments) {
    boolean padded = batch.hasUnseen() || options.device().type() == TorchDevice.Type.CUDA;
    return thread.call(() -> forwardHere(batch, padded, segments));
  }

  /**
   * Brings an adapter onto the device, beside the weights, which are not read again. Batches under
   * way go on; the next ones wait for the transfer of the adapter alone.
   *
   * @param adapter may be closed afterwards
   * @return to be given with batches of this decoder, and of those that share its weights
   * @throws io.github.llm2vec.files.ModelFormatException if the adapter does more than to add
   *     low-rank products to linear layers, as DoRA does
   * @throws IOException if a file cannot be read
   * @throws IllegalStateException if this decoder is closed
   * @throws DeviceException if libtorch fails, for example for want of memory
   */
  public DecoderAdapter openAdapter(LoraAdapter adapter) throws IOException {
    AdapterLoader loader = new AdapterLoader(adapter, new AdapterLayout(spec));
    return thread.call(
        () -> {
          try {
            return loader.load(module, kernel.computesIn(options.dtype()));
          } catch (EngineException e) {
            throw DeviceException.of(
                e,
                options.device().toString(),
                "an adapter",
                "close another, or give the model more memory");
          }
        });
  }

  /** Whether both run the same weights in the same memory. */
  public boolean sharesWeightsWith(Decoder other) {
    return shared == other.shared;
  }

  /** Runs a batch that was checked, with padded rows for attention or in groups of equal length. */
  float[][] run(PackedBatch batch, boolean padded) {
    return thread.call(() -> forwardHere(batch, padded, List.of()));
  }

  private float[][] forwardHere(
      PackedBatch batch, boolean padded, List<DecoderAdapter.Segment> segments) {
    int rows = kernel.rows(batch.tokens());
    try (NativeScope scope = module.scope()) {
      List<IValue> arguments = new ArrayList<>();
      Collections.addAll(
          arguments,
          scope.int64(batch.ids(rows)),
          scope.int64(batch.positions(spec.longRopeBeyond(), rows)),
          scope.numbers(batch.groups(rows)),
          scope.int64(padded ? batch.gather() : new long[0]),
          scope.int64(padded ? batch.scatter(rows) : new long[0]),
          padded
              ? scope.bool(batch.mask(), batch.texts(), batch.longest())
              : scope.bool(new boolean[0], 0, 0),
          scope.int64(batch.poolToken()),
          scope.int64(batch.poolRow()),
          scope.float32(batch.poolWeight()),
          scope.number((long) batch.vectors()));
      if (!segments.isEmpty()) {
        arguments.add(
            scope.own(
                IValue.listFrom(
                    segments.stream()
                        .map(segment -> segment.adapter().tensors())
                        .toArray(IValue[]::new))));
        arguments.add(
            scope.numbers(
                segments.stream()
                    .flatMapToLong(segment -> LongStream.of(segment.first(), segment.tokens()))
                    .toArray()));
      }
      IValue pooled =
          module.call(
              scope,
              segments.isEmpty() ? "encode" : "encodeWithAdapters",
              arguments.toArray(IValue[]::new));
      return rows(scope.toTensor(pooled), batch.vectors(), spec.outputSize());
    } catch (EngineException e) {
      throw DeviceException.of(e, batch, options.device().toString());
    } finally {
      // Whose tensors are freed when nobody refers to them.
      Reference.reachabilityFence(segments);
    }
  }

  static float[][] rows(PtNDArray array, int rows, int columns) {
    FloatBuffer values = array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    float[][] result = new float[rows][columns];
    for (float[] row : result) {
      values.get(row);
    }
    return result;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      thread.closeAfter(shared::exit);
    }
  }
}
