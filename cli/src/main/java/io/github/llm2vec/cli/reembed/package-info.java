/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command {@code reembed}: its options, what it prints, and the comparison by judged queries.
 * What it does lies in {@code io.github.llm2vec.solr.reembed}. It must not know how models encode.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.reembed;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
