/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The files that an evaluation leaves behind, in the formats that others read: run files of TREC,
 * result files of MTEB, values per query.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mteb.results;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
