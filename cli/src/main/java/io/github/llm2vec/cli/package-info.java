/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The Java half of {@code bin/llm2vec}: one picocli command per class. Commands parse options, show
 * progress and print; the work itself is done by the modules below.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
