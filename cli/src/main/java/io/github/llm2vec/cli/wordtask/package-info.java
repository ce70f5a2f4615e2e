/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command {@code word-task}: training, testing and running of heads for words. It must not know
 * how a head is trained.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.wordtask;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
