/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import io.github.llm2vec.cli.console.CliEnvironment;
import io.github.llm2vec.cli.console.Console;
import io.github.llm2vec.cli.console.Errors;
import io.github.llm2vec.cli.demo.DemoCommand;
import io.github.llm2vec.cli.demo.DemoModels;
import io.github.llm2vec.cli.encode.CompareCommand;
import io.github.llm2vec.cli.encode.EncodeCommand;
import io.github.llm2vec.cli.mini.RecipeCommand;
import io.github.llm2vec.cli.mini.TokenizerCommand;
import io.github.llm2vec.cli.model.BenchmarkCommand;
import io.github.llm2vec.cli.model.EncoderOpener;
import io.github.llm2vec.cli.model.InspectCommand;
import io.github.llm2vec.cli.model.Llm2VecOpener;
import io.github.llm2vec.cli.model.MergeCommand;
import io.github.llm2vec.cli.model.ModelFinder;
import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.cli.mteb.MtebCommand;
import io.github.llm2vec.cli.reembed.ReembedCommand;
import io.github.llm2vec.cli.search.SearchCommand;
import io.github.llm2vec.cli.training.MineCommand;
import io.github.llm2vec.cli.training.PruneCommand;
import io.github.llm2vec.cli.training.TrainingCommand;
import io.github.llm2vec.cli.wordtask.WordTaskCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point of {@code bin/llm2vec}: names the commands and gives them the standard streams. */
@Command(
    name = "llm2vec",
    description = "Decoder language models as text encoders, for Lucene and Solr.",
    mixinStandardHelpOptions = true,
    versionProvider = VersionProvider.class,
    scope = ScopeType.INHERIT,
    usageHelpWidth = 100,
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "'llm2vec COMMAND --help' explains a command and gives examples."})
public final class Main implements Callable<Integer> {

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of an error.")
  private boolean verbose;

  @Spec private CommandSpec spec;

  Main() {}

  /** Runs one command and exits with its code: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] arguments) {
    Console console =
        new Console(
            System.in,
            utf8(FileDescriptor.out),
            utf8(FileDescriptor.err),
            // Java cannot ask which streams are terminals; the launcher can.
            Boolean.getBoolean("llm2vec.stdin.terminal"),
            Boolean.getBoolean("llm2vec.stderr.terminal"));
    CliEnvironment surroundings =
        new CliEnvironment(
            Path.of(System.getProperty("llm2vec.project", ".")),
            Path.of(System.getProperty("user.home", ".")),
            System.getenv());
    // Lucene tells the JDK's logging what goes well; the log4j configuration holds the rest back.
    Logger.getLogger("").setLevel(Level.WARNING);
    int code =
        commandLine(
                console,
                surroundings,
                new Llm2VecOpener(console, new ModelFinder(console, surroundings)))
            .execute(arguments);
    console.out().flush();
    System.exit(code);
  }

  /**
   * The whole command line.
   *
   * @param console the streams that commands read and write
   * @param surroundings where examples and models lie
   * @param opener opens the model of a command that runs one
   */
  static CommandLine commandLine(
      Console console, CliEnvironment surroundings, EncoderOpener opener) {
    Main main = new Main();
    ModelFinder finder = new ModelFinder(console, surroundings);
    Errors errors = new Errors(() -> main.verbose);
    CommandLine commandLine =
        new CommandLine(main)
            .addSubcommand(new EncodeCommand(console, opener))
            .addSubcommand(new SearchCommand(console, opener))
            .addSubcommand(new MtebCommand(console, surroundings, opener))
            .addSubcommand(new CompareCommand(console))
            .addSubcommand(wordTask(finder))
            .addSubcommand(new DemoCommand(console, surroundings, new DemoModels(finder)))
            .addSubcommand(new ReembedCommand(console, surroundings))
            .addSubcommand(new InspectCommand(console, finder))
            .addSubcommand(new BenchmarkCommand(console, new Llm2VecOpener(console, finder)))
            .addSubcommand(new MergeCommand(console, finder))
            .addSubcommand(new TrainingCommand.Mntp(finder))
            .addSubcommand(new TrainingCommand.Simcse(finder))
            .addSubcommand(new TrainingCommand.Supervised(finder))
            .addSubcommand(new TrainingCommand.Distill(finder))
            .addSubcommand(new PruneCommand(console, finder))
            .addSubcommand(new TrainingCommand.Pretrain(finder))
            .addSubcommand(new TokenizerCommand(console))
            .addSubcommand(new MineCommand(console, opener))
            .addSubcommand(new RecipeCommand(console));
    commandLine.getSubcommands().values().forEach(Main::layOut);
    ModelOptions.registerConverters(commandLine);
    // Behind the configuration stand its keys, which are no options of this program.
    commandLine.getSubcommands().values().stream()
        .filter(command -> command.getCommand() instanceof TrainingCommand)
        .forEach(command -> command.setStopAtPositional(true));
    return commandLine
        .setOut(writer(console.out()))
        .setErr(writer(console.err()))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionStrategy(Main::run)
        .setExecutionExceptionHandler(errors)
        .setParameterExceptionHandler(errors);
  }

  /** A help text has the options in the order of their declaration, and examples at its end. */
  private static void layOut(CommandLine command) {
    command.getCommandSpec().usageMessage().sortOptions(false).footerHeading("%nExamples:%n");
    command.getSubcommands().values().forEach(Main::layOut);
  }

  /** A command that does not exist has no help, either. */
  private static int run(ParseResult parsed) {
    for (CommandLine command : parsed.asCommandLineList()) {
      List<String> unknown = command.getParseResult().unmatched();
      // Commands that take settings of their file as options look at them themselves.
      if (!unknown.isEmpty() && !command.isUnmatchedArgumentsAllowed()) {
        throw new UnmatchedArgumentException(command, unknown);
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private static CommandLine wordTask(ModelFinder finder) {
    return new CommandLine(new WordTaskCommand())
        .addSubcommand(new WordTaskCommand.Train(finder))
        .addSubcommand(new WordTaskCommand.Test(finder));
  }

  @Override
  public Integer call() {
    CommandLine commandLine = spec.commandLine();
    commandLine.usage(commandLine.getErr());
    return ExitCode.USAGE;
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }
}
