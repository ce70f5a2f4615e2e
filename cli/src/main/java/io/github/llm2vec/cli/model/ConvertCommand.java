/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.model;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.convert.Llama2cConverter;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code llm2vec convert}: a checkpoint of another program becomes a model folder. */
@Command(
    name = "convert",
    description = "Converts a checkpoint of another program into a Hugging Face model folder.",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  llm2vec convert --from llama2c --checkpoint stories260K.bin --tokenizer tok512.bin \\",
      "      --output models/stories260K"
    })
public final class ConvertCommand implements Callable<Integer> {

  private final Console console;

  /**
   * The command {@code llm2vec convert}, which turns a checkpoint of another program into a model
   * folder.
   */
  enum Source {
    /** github.com/karpathy/llama2.c, legacy format. */
    LLAMA2C
  }

  @Option(
      names = "--from",
      required = true,
      paramLabel = "KIND",
      description = "What the checkpoint is of: llama2c (legacy format, version 0).")
  private Source from;

  @Option(names = "--checkpoint", required = true, paramLabel = "FILE", description = "Weights.")
  private Path checkpoint;

  @Option(
      names = "--tokenizer",
      required = true,
      paramLabel = "FILE",
      description = "The tokenizer exported for these weights.")
  private Path tokenizer;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DIR",
      description = "Folder to write; it must not hold a model.")
  private Path output;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      converter = ModelOptions.DTypeConverter.class,
      description = "Format to store the weights in: float32 (default), bfloat16 or float16.")
  private DType dtype;

  public ConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    switch (from) {
      case LLAMA2C -> new Llama2cConverter(dtype).convert(checkpoint, tokenizer, output);
    }
    console.err().println("Wrote " + output + ".");
    return ExitCode.OK;
  }
}
