/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.model.ModelOptions;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.lucene.PassageSplitter;
import io.github.llm2vec.lucene.TokenWindows;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options for cutting documents into passages. */
final class PassageOptions {

  private static final int DEFAULT_TOKENS = 256;
  private static final int DEFAULT_OVERLAP = 32;

  @Option(
      names = "--passages",
      description = {
        "Cut documents into passages with a vector each; a document is found by its best passage,",
        "which is shown. An index that holds passages is searched so without it."
      })
  private boolean wanted;

  @Option(
      names = "--passage-tokens",
      paramLabel = "N",
      converter = ModelOptions.Positive.class,
      description = "Most tokens of a passage, without the title (default: 256).")
  private Optional<Integer> tokens = Optional.empty();

  @Option(
      names = "--passage-overlap",
      paramLabel = "N",
      description =
          "Tokens that a passage shares with the one before it (default: 32, or an eighth).")
  private Optional<Integer> overlap = Optional.empty();

  /** Whether documents are to be cut. */
  boolean wanted() {
    return wanted;
  }

  /**
   * Refuses what does not fit together.
   *
   * @throws ParameterException naming the option
   */
  void check(CommandSpec spec) {
    if (!wanted && (tokens.isPresent() || overlap.isPresent())) {
      throw new ParameterException(
          spec.commandLine(), "--passage-tokens and --passage-overlap need --passages");
    }
    if (mostOverlap() < 0 || mostOverlap() >= mostTokens()) {
      throw new ParameterException(
          spec.commandLine(),
          "--passage-overlap must be at least 0 and below --passage-tokens = %s, got %s"
              .formatted(mostTokens(), mostOverlap()));
    }
  }

  /** Cuts at the tokens of the encoder, if documents are to be cut. */
  Optional<PassageSplitter> splitter(TextEncoder encoder) {
    return wanted
        ? Optional.of(new PassageSplitter(TokenWindows.of(encoder), mostTokens(), mostOverlap()))
        : Optional.empty();
  }

  private int mostTokens() {
    return tokens.orElse(DEFAULT_TOKENS);
  }

  /** The default must not forbid short passages. */
  private int mostOverlap() {
    return overlap.orElse(Math.min(DEFAULT_OVERLAP, mostTokens() / 8));
  }
}
