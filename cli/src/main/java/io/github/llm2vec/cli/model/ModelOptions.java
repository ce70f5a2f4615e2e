/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.encoder.ChatTemplate;
import io.github.llm2vec.encoder.ChatTemplates;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.lucene.FusionMethod;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.TorchDevice;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * The options shared by all commands that run a model: which one, and how. What is not given is
 * left to the model's own files.
 */
public final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "DIR|ID",
      description = {
        "Model folder in Hugging Face layout, 'mini' for the small model that comes with this",
        "program, or a hub id such as McGill-NLP/LLM2Vec-Meta-Llama-3-8B-Instruct-mntp."
      })
  private Optional<String> model = Optional.empty();

  @Option(
      names = "--adapter",
      paramLabel = "DIR|ID",
      description = "PEFT (LoRA) adapter; repeat it to apply several in the order given.")
  private List<String> adapters = List.of();

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32 (default), bfloat16, float16, or on the CPU int8 or int4.")
  private Optional<DType> dtype = Optional.empty();

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      split = ",",
      description = {
        "cpu (default), or a GPU: cuda or cuda:N. Several, such as cuda:0,cuda:1 or cpu,cpu,",
        "run the model at once."
      })
  private List<TorchDevice> devices = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Positive.class,
      description = "Threads of each cpu that --device names; all cores together if not given.")
  private Optional<Integer> threads = Optional.empty();

  @Option(
      names = "--pooling",
      paramLabel = "MODE",
      description = {
        "mean, weighted_mean, eos_token, last_token, bos_token, cls, max, mean_sqrt_len_tokens or",
        "weightedmean."
      })
  private Optional<Pooling> pooling = Optional.empty();

  @Option(
      names = "--max-length",
      paramLabel = "N",
      converter = Positive.class,
      description = "Longest input in tokens, template and instruction included.")
  private Optional<Integer> maxLength = Optional.empty();

  @Option(
      names = "--doc-max-length",
      paramLabel = "N",
      converter = Positive.class,
      description = "Longest text in tokens, without template and instruction.")
  private Optional<Integer> docMaxLength = Optional.empty();

  @Option(names = "--normalize", description = "Scale every vector to length 1.")
  private boolean normalize;

  @Option(
      names = "--dims",
      paramLabel = "N",
      converter = Positive.class,
      description = "Keep the first N dimensions.")
  private Optional<Integer> dims = Optional.empty();

  @Option(
      names = "--template",
      paramLabel = "NAME",
      description = "Prompt template, such as none, llama3, mistral, qwen2 or e5.")
  private Optional<ChatTemplate> template = Optional.empty();

  @Option(
      names = "--skip-instruction",
      paramLabel = "true|false",
      arity = "1",
      description = "Whether instructions are kept out of the pooled vector.")
  private Optional<Boolean> skipInstruction = Optional.empty();

  @Option(
      names = "--enable-bidirectional",
      paramLabel = "true|false",
      arity = "1",
      description = "Whether attention goes both ways.")
  private Optional<Boolean> enableBidirectional = Optional.empty();

  @Option(
      names = "--compat",
      paramLabel = "MODE",
      description = {
        "published (default): as published checkpoints need it;",
        "upstream: every oddity of the Python library too."
      })
  private Optional<Compatibility> compatibility = Optional.empty();

  @Option(
      names = "--max-batch-tokens",
      paramLabel = "N",
      converter = Positive.class,
      description = "Most tokens that go through the model at once.")
  private Optional<Integer> maxBatchTokens = Optional.empty();

  /**
   * Another model on the same devices, in the same number format; all else is left to its files.
   */
  public ModelOptions forModel(String other) {
    ModelOptions options = new ModelOptions();
    options.model = Optional.of(other);
    options.allowDownload = allowDownload;
    options.dtype = dtype;
    options.devices = devices;
    options.threads = threads;
    options.maxBatchTokens = maxBatchTokens;
    return options;
  }

  /** Folder or hub id of the model, if one was given. */
  public Optional<String> model() {
    return model;
  }

  /**
   * The model of a command that needs one.
   *
   * @throws ParameterException if none was given
   */
  public String required(CommandSpec spec) {
    return model.orElseThrow(
        () ->
            new ParameterException(
                spec.commandLine(), "Missing required option: '--model=DIR|ID'"));
  }

  /** Folders or hub ids of adapters, in the order in which they are applied. */
  public List<String> adapters() {
    return List.copyOf(adapters);
  }

  /** Whether a model may be fetched over the network. */
  public boolean allowDownload() {
    return allowDownload;
  }

  /** Number format to run the model in. */
  public Optional<DType> dtype() {
    return dtype;
  }

  /** Devices to run on; empty if none was named. */
  public List<TorchDevice> devices() {
    return List.copyOf(devices);
  }

  /** What the options say about running a model. */
  public Llm2VecOptions settings() {
    Llm2VecOptions.Builder builder = Llm2VecOptions.builder();
    dtype.ifPresent(builder::dtype);
    if (!devices.isEmpty()) {
      builder.devices(devices);
    }
    threads.ifPresent(builder::threads);
    pooling.ifPresent(builder::pooling);
    template.ifPresent(builder::template);
    maxLength.ifPresent(builder::maxLength);
    docMaxLength.ifPresent(builder::docMaxLength);
    skipInstruction.ifPresent(builder::skipInstruction);
    enableBidirectional.ifPresent(builder::enableBidirectional);
    dims.ifPresent(builder::dimensions);
    maxBatchTokens.ifPresent(builder::maxBatchTokens);
    compatibility.ifPresent(builder::compatibility);
    if (normalize) {
      builder.normalize(true);
    }
    return builder.build();
  }

  /** Has the types of options read by the names that configurations have for their values. */
  public static void registerConverters(CommandLine commandLine) {
    commandLine
        .registerConverter(DType.class, named(DType::of))
        .registerConverter(TorchDevice.class, named(TorchDevice::of))
        .registerConverter(Pooling.class, named(Pooling::of))
        .registerConverter(ChatTemplate.class, named(ChatTemplates::named))
        .registerConverter(Compatibility.class, named(Compatibility::parse))
        .registerConverter(FusionMethod.class, named(FusionMethod::of));
  }

  /** Reads a value with a function that explains what it refuses. */
  private static <T> ITypeConverter<T> named(Function<String, T> reader) {
    return value -> {
      try {
        return reader.apply(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }

  /** Reads a count of at least one. */
  public static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < 1) {
        throw new TypeConversionException("must be a whole number of 1 or more, got " + value);
      }
      return Integer.parseInt(value);
    }
  }
}
