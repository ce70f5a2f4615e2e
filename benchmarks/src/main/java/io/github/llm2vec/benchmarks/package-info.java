/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Measured runs that print a table: speed beside the machine's own ceiling and beside the Python
 * reference. Nothing here is a test and nothing depends on it.
 */
@NullMarked
package io.github.llm2vec.benchmarks;

import org.jspecify.annotations.NullMarked;
