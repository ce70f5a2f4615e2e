/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command {@code mteb}: retrieval evaluation and its progress. It must not know how a score is
 * computed.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.mteb;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
