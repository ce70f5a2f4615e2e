/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.encode;

import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.InterruptHandler;
import io.github.llm2vec.cli.model.EncoderOpener;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.progress.Progress;
import io.github.llm2vec.cli.text.TextReader;
import io.github.llm2vec.cli.text.TextReader.TextFormat;
import io.github.llm2vec.cli.vector.RunIdentity;
import io.github.llm2vec.cli.vector.StreamSink;
import io.github.llm2vec.cli.vector.VectorOutput;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.TextEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code llm2vec encode}: a file of texts becomes a file of vectors. */
@Command(
    name = "encode",
    description = "Encodes the texts of a file, or of standard input, into vectors.",
    footer = {
      "  llm2vec encode --model ./my-model --input texts.jsonl --output vectors.jsonl",
      "  llm2vec encode --model ./my-model --input corpus.jsonl.gz --output corpus.npy --resume",
      "  llm2vec encode --model ./my-model --role query --normalize \\",
      "      --instruction 'Given a question, retrieve passages that answer it:' \\",
      "      --input questions.txt --output -",
      "",
      "Input lines are {\"id\":\"1\",\"text\":\"...\"} (_id and title of BEIR files are understood) or",
      "plain text; .gz is unpacked. Output lines are {\"id\":\"1\",\"embedding\":[...]} in the order",
      "of the input; an .npy is float32 with the ids in an .ids.txt beside it.",
      "The output has '.partial' at the end of its name until it is complete."
    })
public final class EncodeCommand implements Callable<Integer> {

  private static final String STANDARD = "-";

  private final Console console;
  private final EncoderOpener opener;

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions model;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "FILE",
      description = "Texts: .jsonl or .txt, also gzipped; - for standard input.")
  private String input;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FILE",
      description = "Vectors: .jsonl or .npy; - for JSON lines on standard output.")
  private String output;

  @Option(
      names = "--input-format",
      paramLabel = "FORMAT",
      defaultValue = "auto",
      description = "auto, jsonl or txt; auto looks at the name, then at the first line.")
  private TextFormat inputFormat;

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      defaultValue = "document",
      description = "query or document (default); a model may frame them differently.")
  private Role role;

  @Option(
      names = "--instruction",
      paramLabel = "TEXT",
      description = "Task sentence put before every text, used as given.")
  private Optional<String> instruction = Optional.empty();

  @Option(
      names = "--resume",
      description = "Go on with the .partial output of an interrupted run, if there is one.")
  private boolean resume;

  @Option(names = "--overwrite", description = "Throw such an output away and start again.")
  private boolean overwrite;

  public EncodeCommand(Console console, EncoderOpener opener) {
    this.console = console;
    this.opener = opener;
  }

  @Override
  public Integer call() throws IOException {
    model.required(spec);
    if (resume && (overwrite || STANDARD.equals(output) || STANDARD.equals(input))) {
      throw new ParameterException(
          spec.commandLine(), "--resume needs files and cannot go with --overwrite");
    }
    Optional<VectorOutput> target = target();
    if (resume && target.isPresent() && target.get().finished()) {
      console.err().println(output + " is complete; nothing to do.");
      return ExitCode.OK;
    }
    Prompt prompt = new Prompt(role, instruction.orElse(""));
    try (InterruptHandler stop = InterruptHandler.onInterrupt();
        TextReader reader = openInput();
        TextEncoder encoder = opener.open(model);
        VectorOutput.Sink sink = openSink(target, encoder, prompt)) {
      return encode(new EncodeJob(reader, encoder, prompt, sink), sink, stop);
    }
  }

  private int encode(EncodeJob job, VectorOutput.Sink sink, InterruptHandler stop)
      throws IOException {
    long earlier = job.skipEarlier();
    if (earlier > 0) {
      console.note("%,d texts are done already.", earlier);
    }
    boolean complete;
    try (Progress progress = console.progress("Encoding", "texts", earlier)) {
      complete = job.run(progress, count(), stop);
    }
    if (complete) {
      sink.finish();
      return ExitCode.OK;
    }
    console.note(
        "llm2vec: stopped after %,d texts%s",
        job.done(), STANDARD.equals(output) ? "" : "; the same command with --resume goes on");
    return ExitCode.SOFTWARE;
  }

  private OptionalLong count() throws IOException {
    return STANDARD.equals(input)
        ? OptionalLong.empty()
        : TextReader.count(Path.of(input), inputFormat);
  }

  private Optional<VectorOutput> target() {
    if (STANDARD.equals(output)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new VectorOutput(Path.of(output)));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--output: " + e.getMessage());
    }
  }

  private TextReader openInput() throws IOException {
    return STANDARD.equals(input)
        ? TextReader.of(console.in(), "standard input", inputFormat)
        : TextReader.open(Path.of(input), inputFormat);
  }

  private VectorOutput.Sink openSink(
      Optional<VectorOutput> target, TextEncoder encoder, Prompt prompt) throws IOException {
    if (target.isEmpty()) {
      return new StreamSink(console.out());
    }
    RunIdentity identity =
        new RunIdentity(
            encoder.fingerprint(),
            encoder.dimensions(),
            prompt.role().name().toLowerCase(Locale.ROOT),
            prompt.instruction());
    VectorOutput.Existing existing = VectorOutput.Existing.REFUSE;
    if (resume) {
      existing = VectorOutput.Existing.RESUME;
    } else if (overwrite) {
      existing = VectorOutput.Existing.OVERWRITE;
    }
    return target.get().open(identity, existing);
  }
}
