/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Measured runs that print a table: speed beside the machine's own ceiling and beside the Python
 * reference. Nothing here is a test and nothing depends on it.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.benchmarks;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
