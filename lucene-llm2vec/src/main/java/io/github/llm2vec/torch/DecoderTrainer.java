/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.torch.BatchInputs.Part;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;

/**
 * A language model that is trained, by a low-rank adapter or in all its weights: losses, their
 * gradients and the optimiser, computed by libtorch. A training step is any number of losses, whose
 * gradients add up, then {@link #clipGradients}, {@link #update} and {@link #zeroGradients}.
 *
 * <p>TrainableParameters tensors of an adapter are named as PEFT names them, without {@code
 * base_model.model.}: {@code layers.0.self_attn.q_proj.lora_A.weight}; those of the model as in a
 * bare encoder: {@code layers.0.self_attn.q_proj.weight}; a trained head is {@code lm_head.weight}.
 * They are kept in single precision.
 *
 * <p>Whether a token sees those behind it is the specification's matter: a causal language model is
 * trained with a causal one, every objective of LLM2Vec with {@code spec.withCausal(false)}.
 *
 * <p>On several devices every batch is divided among copies of the model; losses, gradients and
 * weights are, up to rounding, those of one device.
 *
 * <p>Thread-safe; calls run one after the other, on the device threads of the copies. Owns the
 * native modules and all their weights, which {@link #close} frees.
 */
public final class DecoderTrainer implements AutoCloseable {

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

    private final long code; // of TrainedStateScript

    Kind(long code) {
      this.code = code;
    }
  }

  private final DecoderSpec spec;
  private final TrainOptions options;
  private final Replicas replicas;
  private final TrainingModule module; // the first of them, which has the optimiser
  private final TrainedTensors tensors;
  private final DropoutSeeds seeds;
  private final AtomicBoolean closed = new AtomicBoolean();

  private DecoderTrainer(DecoderSpec spec, TrainOptions options, Replicas replicas) {
    this.spec = spec;
    this.options = options;
    this.replicas = replicas;
    this.module = replicas.first();
    this.tensors = TrainedTensors.of(spec, options);
    this.seeds = new DropoutSeeds(options.seed(), options.devices().dropoutByText());
  }

  /**
   * Loads a model. An adapter begins with A uniform within {@code 1 / sqrt(in)} and B zero, so that
   * it changes nothing yet.
   *
   * @param weights the model, and adapters to merge into it first; may be closed afterwards
   * @throws IOException if a tensor is missing, has another shape, cannot be read or holds NaN
   * @throws IllegalArgumentException if the device is not there
   */
  public static DecoderTrainer open(
      DecoderSpec spec, CheckpointWeights weights, TrainOptions options, LoadListener listener)
      throws IOException {
    return new DecoderTrainer(spec, options, Replicas.open(spec, weights, options, listener));
  }

  /** Names of the trained tensors, in order. */
  public List<String> names() {
    return tensors.names();
  }

  /** Dimensions of a trained tensor. */
  public List<Long> shape(String name) {
    return tensors.get(name).shape();
  }

  /** Reads a trained tensor or what belongs to it, row-major. */
  public float[] get(Kind kind, String name) {
    float[] values = new float[Math.toIntExact(tensors.get(name).elements())];
    read(kind, name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /**
   * Reads consecutive elements of a trained tensor or of what belongs to it, row-major.
   *
   * @param first index of the first
   * @param target filled from its position to its limit
   */
  public void read(Kind kind, String name, long first, FloatBuffer target) {
    TrainedTensors.Tensor tensor = tensors.range(name, first, target.remaining());
    replicas.sumGradients();
    module.call(
        "read",
        scope ->
            new IValue[] {
              scope.number(kind.code),
              scope.number((long) tensor.entry()),
              scope.number(tensor.first() + first),
              scope.number((long) target.remaining())
            },
        (scope, value) ->
            target.put(
                scope
                    .toTensor(value)
                    .toByteBuffer(true)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer()));
  }

  /**
   * Overwrites a trained tensor or what belongs to it.
   *
   * @param values row-major, of {@link #shape}
   */
  public void set(Kind kind, String name, float[] values) {
    TrainedTensors.Tensor tensor = tensors.get(name);
    if (values.length != tensor.elements()) {
      throw new IllegalArgumentException(
          name + " has " + tensor.elements() + " elements, got " + values.length);
    }
    write(kind, name, 0, FloatBuffer.wrap(values));
  }

  /**
   * Overwrites consecutive elements of a trained tensor or of what belongs to it.
   *
   * @param first index of the first
   * @param values read from their position to their limit
   */
  public void write(Kind kind, String name, long first, FloatBuffer values) {
    TrainedTensors.Tensor tensor = tensors.range(name, first, values.remaining());
    float[] copy = new float[values.remaining()];
    values.get(copy);
    replicas.updated();
    module.call(
        "write",
        scope ->
            new IValue[] {
              scope.number(kind.code),
              scope.number((long) tensor.entry()),
              scope.number(tensor.first() + first),
              scope.tensor(scope.floats(copy, copy.length))
            });
  }

  /**
   * Begins the sequence of dropout masks anew. Masks depend on this number, the calls since and
   * their batches alone, so a run that seeds every step by its number can be resumed anywhere.
   */
  public void seed(long seed) {
    seeds.restart(seed);
  }

  /**
   * Adds the gradient of the masked-token loss: the mean cross-entropy of the labelled tokens
   * (BehnamGhader et al., 2024, LLM2Vec, section 2.1), logits in single precision. With a label for
   * every token but the first, and a causal specification, it is the loss of a causal language
   * model.
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
    checkLabels(batch);
    return replicas.together(
        () ->
            replicas
                .each(
                    replicas.divide(List.of(batch), seeds),
                    (copy, share) -> maskedLoss(copy, share.get(0), batch, weight))
                .stream()
                .mapToDouble(Double::doubleValue)
                .sum());
  }

  /** What a part of a batch adds to the mean over all labels of the batch. */
  private static double maskedLoss(
      TrainingModule copy, Part part, PackedBatch whole, double weight) {
    PackedBatch batch = part.batch();
    double portion = (double) batch.labels() / whole.labels();
    return portion == 0
        ? 0
        : portion
            * copy.differentiate(
                "masked_gradient",
                batch,
                part.pass(weight * portion),
                scope -> BatchInputs.labels(batch, scope));
  }

  /**
   * How well the labelled tokens are predicted, without dropout and without gradients.
   *
   * @throws IllegalArgumentException as {@link #addMaskedLoss}
   * @throws IllegalStateException if there is no head, or this trainer is closed
   * @throws DeviceException if libtorch fails
   */
  public MaskedLanguageModelScore maskedScore(PackedBatch batch) {
    checkLabels(batch);
    return divided(
            batch,
            (copy, part) ->
                part.labels() == 0
                    ? MaskedLanguageModelScore.NONE
                    : copy.call(
                        "score",
                        part,
                        BatchInputs.Pass.EVALUATION,
                        scope -> BatchInputs.labels(part, scope),
                        (scope, value) -> {
                          double[] score = scope.toTensor(value).toDoubleArray();
                          return new MaskedLanguageModelScore(
                              score[0], part.labels(), (long) score[1]);
                        }))
        .stream()
        .reduce(MaskedLanguageModelScore::plus)
        .orElseThrow();
  }

  /** What the copies give for their parts of a batch, without gradients. */
  private <T> List<T> divided(PackedBatch batch, BiFunction<TrainingModule, PackedBatch, T> work) {
    return replicas.together(() -> replicas.each(replicas.divide(batch), work));
  }

  private void checkLabels(PackedBatch batch) {
    if (options.head() == LanguageModelHead.NONE) {
      throw new IllegalStateException("a masked-token loss needs a head, but it is NONE");
    }
    if (batch.labels() == 0) {
      throw new IllegalArgumentException("no token of this batch is labelled; skip it");
    }
    if (Arrays.stream(batch.label()).anyMatch(id -> id < 0 || id >= spec.vocabSize())) {
      throw new IllegalArgumentException("a label is outside the vocabulary " + spec.vocabSize());
    }
    BatchInputs.check(batch, spec, options.maxTokens());
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
    return addContrastiveLoss(List.of(batch), queries, scale, weight);
  }

  /**
   * Adds the gradient of the contrastive loss of a batch that does not fit into memory at once, by
   * cached gradients (Gao et al., 2021, "Scaling Deep Contrastive Learning Batch Size under Memory
   * Limited Setup"): all parts are embedded without gradients, the loss is differentiated with
   * respect to the embeddings, then every part is run again, with the same dropout masks, to carry
   * its share back. It takes the memory of one part and a third more work than {@link
   * #addContrastiveLoss(PackedBatch, int, double, double)}, whose gradient it equals.
   *
   * @param parts whose texts one after the other are as in that method
   */
  public double addContrastiveLoss(
      List<PackedBatch> parts, int queries, double scale, double weight) {
    return addContrastiveLoss(
        parts, queries, scale, MatryoshkaDims.whole(spec.outputSize()), weight);
  }

  /**
   * Adds the gradient of the contrastive loss of leading components, summed over several widths.
   *
   * @param parts whose texts one after the other are as in {@link #addContrastiveLoss(PackedBatch,
   *     int, double, double)}; of several, gradients are cached
   * @throws IllegalArgumentException also if a width is more than the vectors have
   */
  public double addContrastiveLoss(
      List<PackedBatch> parts, int queries, double scale, MatryoshkaDims dims, double weight) {
    int texts = parts.stream().mapToInt(PackedBatch::vectors).sum();
    if (queries < 1 || texts < 2 * queries) {
      throw new IllegalArgumentException(
          queries + " queries need as many positives, got " + texts + " texts together");
    }
    dims.requireWithin(spec.outputSize());
    return add(
        PooledLoss.Kind.CONTRASTIVE,
        queries,
        weight,
        scope -> BatchInputs.targets(queries, scale, dims, scope),
        parts);
  }

  /**
   * Adds the gradient of a distillation loss, in single precision.
   *
   * @param parts texts with pooling: first the queries, then the documents; of several, gradients
   *     are cached
   * @param queries how many are queries; 0 if the texts are not told apart
   * @param teacher the teacher's vectors of all texts, {@code (B, T)}
   * @param loss what is minimised
   * @param weight what the gradient is multiplied by
   * @return the loss, not weighted
   * @throws IllegalArgumentException if numbers or widths of vectors do not fit, or an id or length
   *     does not fit the model
   * @throws DeviceException if libtorch fails; the gradients may then hold anything
   */
  public double addDistillationLoss(
      List<PackedBatch> parts,
      int queries,
      float[][] teacher,
      DistillationLoss loss,
      double weight) {
    loss.check(parts, queries, teacher, vectorWidth());
    return add(
        PooledLoss.Kind.DISTILLATION,
        queries,
        weight,
        scope -> BatchInputs.targets(teacher, loss, scope),
        parts);
  }

  /**
   * What {@link #addDistillationLoss} minimises, without dropout and without gradients.
   *
   * @throws IllegalArgumentException as there
   */
  public DistillationLoss.Score distillationScore(
      PackedBatch batch, int queries, float[][] teacher, DistillationLoss loss) {
    loss.check(List.of(batch), queries, teacher, vectorWidth());
    BatchInputs.check(batch, spec, options.maxTokens());
    return module.call(
        "distilled_score",
        batch,
        BatchInputs.Pass.EVALUATION,
        scope -> {
          List<PtNDArray> inputs = new ArrayList<>(BatchInputs.pooling(batch, queries, scope));
          inputs.addAll(BatchInputs.targets(teacher, loss, scope));
          return inputs;
        },
        (scope, value) -> {
          float[] score = scope.toTensor(value).toFloatArray();
          boolean alike = teacher[0].length == vectorWidth();
          return new DistillationLoss.Score(score[0], alike ? score[1] : Double.NaN);
        });
  }

  private double add(
      PooledLoss.Kind kind,
      int queries,
      double weight,
      TrainingModule.Input<List<PtNDArray>> targets,
      List<PackedBatch> parts) {
    parts.forEach(part -> BatchInputs.check(part, spec, options.maxTokens()));
    PooledLoss loss = new PooledLoss(replicas, options, kind, queries, weight, targets);
    return replicas.together(() -> loss.add(replicas.divide(parts, seeds)));
  }

  /** Width of the vectors that a distillation loss sees: that of the linear layer, if any. */
  public int vectorWidth() {
    return options.denseWidth() > 0 ? options.denseWidth() : spec.outputSize();
  }

  /**
   * The pooled texts of a batch, not normalised, without dropout and without gradients.
   *
   * @return {@code (B, H)}
   * @throws IllegalArgumentException if an id or length does not fit the model
   * @throws DeviceException if libtorch fails
   */
  public float[][] embed(PackedBatch batch) {
    return rows("embed_texts", batch, spec.hiddenSize());
  }

  /**
   * The pooled texts of a batch behind the linear layer, if there is one, without dropout and
   * without gradients.
   *
   * @return {@code (B, vectorWidth)}
   * @throws IllegalArgumentException if an id or length does not fit the model
   * @throws DeviceException if libtorch fails
   */
  public float[][] project(PackedBatch batch) {
    return rows("projected_texts", batch, vectorWidth());
  }

  private float[][] rows(String method, PackedBatch batch, int width) {
    BatchInputs.check(batch, spec, options.maxTokens());
    return divided(
            batch,
            (copy, part) ->
                copy.call(
                    method,
                    part,
                    BatchInputs.Pass.EVALUATION,
                    scope -> BatchInputs.pooling(part, 0, scope),
                    (scope, value) -> Decoder.rows(scope.toTensor(value), part.vectors(), width)))
        .stream()
        .flatMap(Arrays::stream)
        .toArray(float[][]::new);
  }

  /** The Euclidean norm of all gradients together. */
  public double gradientNorm() {
    replicas.sumGradients();
    return module.call(
        "norm_of_gradients", scope -> new IValue[0], (scope, value) -> value.toDouble());
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
      module.call("scale_gradients", scope -> new IValue[] {scope.number(factor)});
    }
    return norm;
  }

  /** Sets all gradients to zero. */
  public void zeroGradients() {
    replicas.sumGradients();
    module.call("zero_gradients");
  }

  /**
   * Moves every trained tensor against its gradient. Weight decay spares norms and biases, as in
   * Hugging Face's Trainer.
   *
   * @param step number of this update, from 1; corrects the bias of the moments' start
   */
  public void update(AdamW adam, int step) {
    double root = Math.sqrt(1 - Math.pow(adam.beta2(), step));
    replicas.sumGradients();
    replicas.updated();
    module.call(
        "update",
        scope ->
            new IValue[] {
              scope.numbers(tensors.sizes(adam, step)),
              scope.numbers(tensors.decays(adam)),
              scope.number(adam.beta1()),
              scope.number(adam.beta2()),
              scope.number(root),
              scope.number(adam.epsilon())
            });
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      replicas.close();
    }
  }
}
