/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.model.EncoderOpener;
import io.github.llm2vec.cli.model.Llm2VecOpener;
import io.github.llm2vec.cli.model.ModelFinder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Runs a command line in this JVM and keeps what it printed. */
public final class CommandRunner {

  /** The project itself; tests run in the folder of their module. */
  public static final CliEnvironment SURROUNDINGS =
      new CliEnvironment(Path.of(".."), Path.of("target"), Map.of());

  private final EncoderOpener opener;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private byte[] input = new byte[0];
  private CliEnvironment surroundings = SURROUNDINGS;

  public CommandRunner(EncoderOpener opener) {
    this.opener = opener;
  }

  /** Runs commands with the engine of the project, as the launcher does. */
  public static CommandRunner withRealModels() {
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
    Console silent = new Console(InputStream.nullInputStream(), nowhere, nowhere, false, false);
    return new CommandRunner(new Llm2VecOpener(silent, new ModelFinder(silent, SURROUNDINGS)));
  }

  public CommandRunner typing(String text) {
    input = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  /** From now on a variable of the environment has a value. */
  public CommandRunner with(String variable, String value) {
    surroundings =
        new CliEnvironment(
            SURROUNDINGS.project(), SURROUNDINGS.userHome(), Map.of(variable, value));
    return this;
  }

  public int run(String... arguments) {
    out.reset();
    err.reset();
    Console console =
        new Console(
            new ByteArrayInputStream(input),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false);
    return Main.commandLine(console, surroundings, opener).execute(arguments);
  }

  public String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  public String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
