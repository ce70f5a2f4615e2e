/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The commands of the training stages and {@code mine}: arguments to the trainer's configurations,
 * progress on the terminal. It must not know how a model is trained.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.training;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
