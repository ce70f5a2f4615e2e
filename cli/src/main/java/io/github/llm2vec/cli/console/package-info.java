/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What every command needs: the terminal and its streams, errors and exit codes, interruption,
 * options from files. It must not know of any command or model.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.console;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
