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
 * upstream's defaults. Made by {@link #builder()}.
 *
 * @param dtype number format in which the model runs
 * @param devices where the model runs, at least one place
 * @param threads within one operation of each of the devices that are the CPU, if it was said
 * @param pooling pooling mode, if it is not to be the model's own
 * @param template prompt template, if it is not to be the model's own
 * @param maxLength longest sequence in tokens, if it is not to be the model's own
 * @param docMaxLength longest text in tokens before anything is put around it
 * @param skipInstruction whether instructions are kept out of the pooled vector
 * @param enableBidirectional whether attention goes both ways
 * @param normalize whether vectors are scaled to length one
 * @param dimensions how many leading dimensions are kept
 * @param batchTokens most tokens that go through the model at once, if not as many as suit a device
 * @param compatibility which of upstream's ways are followed
 */
public record Llm2VecOptions(
    DType dtype,
    List<TorchDevice> devices,
    OptionalInt threads,
    Optional<Pooling> pooling,
    Optional<ChatTemplate> template,
    OptionalInt maxLength,
    OptionalInt docMaxLength,
    Optional<Boolean> skipInstruction,
    Optional<Boolean> enableBidirectional,
    Optional<Boolean> normalize,
    OptionalInt dimensions,
    OptionalInt batchTokens,
    Compatibility compatibility) {

  private static final int CPU_BATCH_TOKENS = 2048;
  private static final int GPU_BATCH_TOKENS = 16_384;

  /**
   * Rejects an empty list of devices, one with a GPU twice, and numbers below one.
   *
   * @throws IllegalArgumentException if there is such a thing; the message names it
   */
  public Llm2VecOptions {
    TorchDevice.requireDistinct(devices);
    devices = List.copyOf(devices);
    requireAtLeastOne("threads", threads);
    requireAtLeastOne("max_length", maxLength);
    requireAtLeastOne("doc_max_length", docMaxLength);
    requireAtLeastOne("dimensions", dimensions);
    requireAtLeastOne("maxBatchTokens", batchTokens);
  }

  private static void requireAtLeastOne(String name, OptionalInt value) {
    if (value.isPresent() && value.getAsInt() < 1) {
      throw new IllegalArgumentException(name + " must be >= 1, got " + value.getAsInt());
    }
  }

  /** Everything from the model's files, on the CPU in single precision. */
  public static Llm2VecOptions defaults() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Where the model runs, or the first place of several. */
  public TorchDevice device() {
    return devices.get(0);
  }

  /** Most tokens that go through the model at once, on the first device. */
  public int maxBatchTokens() {
    return maxBatchTokens(device());
  }

  /** Most tokens that go through the model at once on a device. */
  int maxBatchTokens(TorchDevice device) {
    return batchTokens.orElse(
        device.type() == TorchDevice.Type.CPU ? CPU_BATCH_TOKENS : GPU_BATCH_TOKENS);
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
    private OptionalInt batchTokens = OptionalInt.empty();
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
     * the CPU several times, whose workers share one; at least one.
     */
    public Builder devices(List<TorchDevice> value) {
      devices = value;
      return this;
    }

    /**
     * Threads within one operation of each of the devices that are the CPU, at least one. If not
     * set, one such device has as many as libtorch starts by itself, and several share these
     * evenly.
     */
    public Builder threads(int value) {
      threads = OptionalInt.of(value);
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
      maxLength = OptionalInt.of(value);
      return this;
    }

    /** {@code doc_max_length} in tokens, at least one. */
    public Builder docMaxLength(int value) {
      docMaxLength = OptionalInt.of(value);
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
      dimensions = OptionalInt.of(value);
      return this;
    }

    /** Most tokens of one batch; 2048 on a CPU and 16384 on a GPU if not set. */
    public Builder maxBatchTokens(int value) {
      batchTokens = OptionalInt.of(value);
      return this;
    }

    /** Which of upstream's ways are followed. */
    public Builder compatibility(Compatibility value) {
      compatibility = Objects.requireNonNull(value);
      return this;
    }

    /**
     * The options collected so far.
     *
     * @throws IllegalArgumentException if one of them cannot be; the message names it
     */
    public Llm2VecOptions build() {
      return new Llm2VecOptions(
          dtype,
          devices,
          threads,
          pooling,
          template,
          maxLength,
          docMaxLength,
          skipInstruction,
          enableBidirectional,
          normalize,
          dimensions,
          batchTokens,
          compatibility);
    }
  }
}
