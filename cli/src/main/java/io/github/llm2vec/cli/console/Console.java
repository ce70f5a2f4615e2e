/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.console;

import java.io.InputStream;
import java.io.PrintStream;

/**
 * The three standard streams and what is known of them, handed to every command so that tests can
 * stand in for a terminal.
 *
 * @param in what is typed or piped in
 * @param out results, and nothing else
 * @param err progress, hints and errors
 * @param typed whether a person types at {@code in}
 * @param watched whether a person watches {@code err}, so that a progress bar makes sense
 */
public record Console(
    InputStream in, PrintStream out, PrintStream err, boolean typed, boolean watched) {}
