/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reads the texts that commands work on, as a stream: plain lines or JSON lines, gzipped or not. It
 * knows nothing of encoders.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.text;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
