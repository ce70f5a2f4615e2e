/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.model.DType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * The options that say which model to run and how: the same in every command that runs one. What is
 * not given is left to the model's own files.
 */
public final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "DIR|ID",
      description = {
        "Model folder in Hugging Face layout, or a hub id such as",
        "McGill-NLP/LLM2Vec-Meta-Llama-3-8B-Instruct-mntp."
      })
  private Optional<String> model = Optional.empty();

  @Option(
      names = "--adapter",
      paramLabel = "DIR|ID",
      description = "PEFT (LoRA) adapter; repeat it to apply several in the order given.")
  private List<String> adapters = List.of();

  @Option(
      names = "--pooling",
      paramLabel = "MODE",
      description = "mean, weighted_mean, eos_token, last_token or bos_token.")
  private Optional<String> pooling = Optional.empty();

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

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = DTypeConverter.class,
      description = "float32, bfloat16 or float16.")
  private Optional<DType> dtype = Optional.empty();

  @Option(names = "--device", paramLabel = "DEVICE", description = "cpu, or a GPU such as cuda:0.")
  private Optional<String> device = Optional.empty();

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
      description = "Prompt template to use instead of the one chosen by the model's name.")
  private Optional<String> template = Optional.empty();

  @Option(
      names = "--compat",
      paramLabel = "MODE",
      description = {
        "published: as the published checkpoints need it;",
        "upstream: every oddity of the Python library too."
      })
  private Optional<String> compat = Optional.empty();

  @Option(
      names = "--allow-download",
      description = "Fetch the model from the hub if it is not in the local cache.")
  private boolean allowDownload;

  /** Folder or hub id of the model, if one was given. */
  public Optional<String> model() {
    return model;
  }

  /** Folders or hub ids of adapters, in the order in which they are applied. */
  public List<String> adapters() {
    return List.copyOf(adapters);
  }

  /** Pooling mode as typed. */
  public Optional<String> pooling() {
    return pooling;
  }

  /** Longest input in tokens. */
  public OptionalInt maxLength() {
    return toInt(maxLength);
  }

  /** Longest text in tokens. */
  public OptionalInt docMaxLength() {
    return toInt(docMaxLength);
  }

  /** Number format to run the model in. */
  public Optional<DType> dtype() {
    return dtype;
  }

  /** Device to run on, as typed. */
  public Optional<String> device() {
    return device;
  }

  /** Whether vectors are scaled to length 1. */
  public boolean normalize() {
    return normalize;
  }

  /** Dimensions to keep. */
  public OptionalInt dims() {
    return toInt(dims);
  }

  /** Name of the prompt template. */
  public Optional<String> template() {
    return template;
  }

  /** Compatibility mode as typed. */
  public Optional<String> compat() {
    return compat;
  }

  /** Whether a model may be fetched over the network. */
  public boolean allowDownload() {
    return allowDownload;
  }

  private static OptionalInt toInt(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElseGet(OptionalInt::empty);
  }

  /** Reads a count of at least one. */
  static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      try {
        int number = Integer.parseInt(value);
        if (number >= 1) {
          return number;
        }
      } catch (NumberFormatException e) {
        throw new TypeConversionException("'" + value + "' is not a whole number");
      }
      throw new TypeConversionException("must be 1 or more, got " + value);
    }
  }

  /** Reads a dtype by its configuration name. */
  static final class DTypeConverter implements ITypeConverter<DType> {
    @Override
    public DType convert(String value) {
      try {
        return DType.of(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
