/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns failures into one line on stderr and an exit code: 1 for a failure, 2 for wrong usage.
 *
 * @param verbose asked, once there is a failure, whether to print stack traces
 */
public record Errors(BooleanSupplier verbose)
    implements IExecutionExceptionHandler, IParameterExceptionHandler {

  private static final String MODEL = "--model";

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine command, ParseResult parseResult) {
    command.getErr().println("llm2vec: " + describe(failure));
    if (verbose.getAsBoolean()) {
      failure.printStackTrace(command.getErr());
    } else if (!isExplained(failure)) {
      command.getErr().println("llm2vec: add --verbose for the stack trace");
    }
    return ExitCode.SOFTWARE;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    command.getErr().println("llm2vec: " + failure.getMessage());
    UnmatchedArgumentException.printSuggestions(failure, command.getErr());
    namedWithoutOption(failure)
        .ifPresent(
            argument ->
                command.getErr().println("llm2vec: a model is named by --model " + argument));
    command
        .getErr()
        .println(
            "llm2vec: '%s --help' lists the options and gives examples"
                .formatted(command.getCommandSpec().qualifiedName()));
    return ExitCode.USAGE;
  }

  /** What may have been meant as a model: the first argument that no option takes. */
  private static Optional<String> namedWithoutOption(ParameterException failure) {
    return failure instanceof UnmatchedArgumentException unmatched
            && failure.getCommandLine().getCommandSpec().findOption(MODEL) != null
            && !failure.getCommandLine().getParseResult().hasMatchedOption(MODEL)
        ? unmatched.getUnmatched().stream().filter(one -> !one.startsWith("-")).findFirst()
        : Optional.empty();
  }

  /**
   * One line for a failure. The JDK's file exceptions carry little more than a path; they are put
   * into words here.
   */
  static String describe(Throwable failure) {
    if (failure instanceof UncheckedIOException && failure.getCause() != null) {
      return describe(failure.getCause());
    }
    String message = failure.getMessage() == null ? "" : failure.getMessage();
    if (failure instanceof FileSystemException fileFailure) {
      return describeFile(fileFailure);
    }
    if (isExplained(failure)) {
      return message.isEmpty() ? failure.getClass().getSimpleName() : oneLine(message);
    }
    return failure.getClass().getSimpleName() + (message.isEmpty() ? "" : ": " + oneLine(message));
  }

  /** Whether the message was written for the user; anything else is a bug until shown otherwise. */
  private static boolean isExplained(Throwable failure) {
    return failure instanceof CliException
        || failure instanceof IllegalArgumentException
        || failure instanceof UncheckedIOException
        || failure instanceof IOException;
  }

  private static String describeFile(FileSystemException failure) {
    String file = failure.getFile();
    if (failure instanceof NoSuchFileException) {
      return "no such file or folder: " + file;
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied: " + file;
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "already exists: " + file;
    }
    if (failure instanceof NotDirectoryException) {
      return "not a folder: " + file;
    }
    if (failure instanceof DirectoryNotEmptyException) {
      return "folder is not empty: " + file;
    }
    return oneLine(failure.getMessage());
  }

  private static String oneLine(@Nullable String message) {
    return String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " | ");
  }
}
