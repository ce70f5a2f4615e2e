/* SPDX-License-Identifier: Apache-2.0 */
/** Shows how far long work is: a bar for a person who watches, a line now and then for a log. */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.progress;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
