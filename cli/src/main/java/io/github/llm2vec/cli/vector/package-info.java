/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writes vectors to files so that an interrupted run loses nothing and is never taken for a
 * finished one. It knows nothing of texts and encoders.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.vector;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
