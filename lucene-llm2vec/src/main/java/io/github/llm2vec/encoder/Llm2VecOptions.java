/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.TorchDevice;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Options for opening a model. What is left out is taken from the model's own files, then from
 * upstream's defaults. Immutable; made by {@link #builder()}.
 */
public final class Llm2VecOptions {

  private static final int CPU_BATCH_TOKENS = 2048;
  private static final int GPU_BATCH_TOKENS = 16_384;

  private final DType dtype;
  private final List<TorchDevice> devices;
  private final OptionalInt threads;
  private final Optional<Pooling> pooling;
  private final Optional<ChatTemplate> template;
  private final OptionalInt maxLength;
  private final OptionalInt docMaxLength;
  private final Optional<Boolean> skipInstruction;
  private final Optional<Boolean> enableBidirectional;
  private final Optional<Boolean> normalize;
  private final OptionalInt dimensions;
  private final OptionalInt maxBatchTokens;
  private final Compatibility compatibility;

  private Llm2VecOptions(Builder builder) {
    dtype = builder.dtype;
    devices = builder.devices;
    threads = builder.threads;
    pooling = builder.pooling;
    template = builder.template;
    maxLength = builder.maxLength;
    docMaxLength = builder.docMaxLength;
    skipInstruction = builder.skipInstruction;
    enableBidirectional = builder.enableBidirectional;
    normalize = builder.normalize;
    dimensions = builder.dimensions;
    maxBatchTokens = builder.maxBatchTokens;
    compatibility = builder.compatibility;
  }

  /** Everything from the model's files, on the CPU in single precision. */
  public static Llm2VecOptions defaults() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Number format in which the model runs. */
  public DType dtype() {
    return dtype;
  }

  /** Where the model runs, or the first place of several. */
  public TorchDevice device() {
    return devices.get(0);
  }

  /** Where the model runs, at least one place. */
  public List<TorchDevice> devices() {
    return devices;
  }

  /** Threads within one operation of each of the devices that are the CPU, if it was said. */
  public OptionalInt threads() {
    return threads;
  }

  /** Pooling mode, if it is not to be the model's own. */
  public Optional<Pooling> pooling() {
    return pooling;
  }

  /** Prompt template, if it is not to be the model's own. */
  public Optional<ChatTemplate> template() {
    return template;
  }

  /** Longest sequence in tokens, if it is not to be the model's own. */
  public OptionalInt maxLength() {
    return maxLength;
  }

  /** Longest text in tokens before anything is put around it. */
  public OptionalInt docMaxLength() {
    return docMaxLength;
  }

  /** Whether instructions are kept out of the pooled vector. */
  public Optional<Boolean> skipInstruction() {
    return skipInstruction;
  }

  /** Whether attention goes both ways. */
  public Optional<Boolean> enableBidirectional() {
    return enableBidirectional;
  }

  /** Whether vectors are scaled to length one. */
  public Optional<Boolean> normalize() {
    return normalize;
  }

  /** How many leading dimensions are kept. */
  public OptionalInt dimensions() {
    return dimensions;
  }

  /** Most tokens that go through the model at once, on the first device. */
  public int maxBatchTokens() {
    return maxBatchTokens(device());
  }

  /** Most tokens that go through the model at once on a device. */
  int maxBatchTokens(TorchDevice device) {
    return maxBatchTokens.orElse(
        device.type() == TorchDevice.Type.CPU ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS);
  }

  /** Which of upstream's ways are followed. */
  public Compatibility compatibility() {
    return compatibility;
  }

  /** Collects options. Every method returns the builder itself. */
  public static final class Builder {

    private DType dtype = DType.FLOAT32;
    private List<TorchDevice> devices = List.of(TorchDevice.CPU);
    private OptionalInt threads = OptionalInt.empty();
    private Optional<Pooling> pooling = Optional.empty();
    private Optional<ChatTemplate> template = Optional.empty();
    private OptionalInt maxLength = OptionalInt.empty();
    private OptionalInt docMaxLength = OptionalInt.empty();
    private Optional<Boolean> skipInstruction = Optional.empty();
    private Optional<Boolean> enableBidirectional = Optional.empty();
    private Optional<Boolean> normalize = Optional.empty();
    private OptionalInt dimensions = OptionalInt.empty();
    private OptionalInt maxBatchTokens = OptionalInt.empty();
    private Compatibility compatibility = Compatibility.PUBLISHED;

    private Builder() {}

    /** Number format of weights and products; single precision if not set. */
    public Builder dtype(DType value) {
      dtype = Objects.requireNonNull(value);
      return this;
    }

    /** Where the model runs; the CPU if not set. */
    public Builder device(TorchDevice value) {
      return devices(List.of(value));
    }

    /**
     * Where the model runs, several places at once: GPUs, each with its own copy of the weights, or
     * the CPU several times, whose workers share one.
     *
     * @throws IllegalArgumentException if the list is empty or has a GPU twice
     */
    public Builder devices(List<TorchDevice> value) {
      TorchDevice.requireDistinct(value);
      devices = List.copyOf(value);
      return this;
    }

    /**
     * Threads within one operation of each of the devices that are the CPU, at least one. If not
     * set, one such device has as many as libtorch starts by itself, and several share these
     * evenly.
     */
    public Builder threads(int value) {
      threads = OptionalInt.of(atLeastOne("threads", value));
      return this;
    }

    /** {@code pooling_mode}. */
    public Builder pooling(Pooling value) {
      pooling = Optional.of(value);
      return this;
    }

    /** What is written around a text, see {@link ChatTemplates}. */
    public Builder template(ChatTemplate value) {
      template = Optional.of(value);
      return this;
    }

    /** {@code max_length} in tokens, at least one. */
    public Builder maxLength(int value) {
      maxLength = OptionalInt.of(atLeastOne("max_length", value));
      return this;
    }

    /** {@code doc_max_length} in tokens, at least one. */
    public Builder docMaxLength(int value) {
      docMaxLength = OptionalInt.of(atLeastOne("doc_max_length", value));
      return this;
    }

    /** {@code skip_instruction}. */
    public Builder skipInstruction(boolean value) {
      skipInstruction = Optional.of(value);
      return this;
    }

    /** {@code enable_bidirectional}: whether attention goes both ways. */
    public Builder enableBidirectional(boolean value) {
      enableBidirectional = Optional.of(value);
      return this;
    }

    /** Whether vectors are scaled to length one; LLM2Vec's own are not unless asked for. */
    public Builder normalize(boolean value) {
      normalize = Optional.of(value);
      return this;
    }

    /** Keeps the first dimensions, at least one. */
    public Builder dimensions(int value) {
      dimensions = OptionalInt.of(atLeastOne("dimensions", value));
      return this;
    }

    /** Most tokens of one batch; 2048 on a CPU and 16384 on a GPU if not set. */
    public Builder maxBatchTokens(int value) {
      maxBatchTokens = OptionalInt.of(atLeastOne("maxBatchTokens", value));
      return this;
    }

    /** Which of upstream's ways are followed. */
    public Builder compatibility(Compatibility value) {
      compatibility = Objects.requireNonNull(value);
      return this;
    }

    /** The options collected so far. */
    public Llm2VecOptions build() {
      return new Llm2VecOptions(this);
    }

    private static int atLeastOne(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be >= 1, got " + value);
      }
      return value;
    }
  }
}
