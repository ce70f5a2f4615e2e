/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command {@code search}: a collection of texts as a Lucene index on disk, written so that an
 * interrupted run goes on where it stopped, and searched by words, by meaning or by both. It must
 * not know which model encodes.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.search;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
