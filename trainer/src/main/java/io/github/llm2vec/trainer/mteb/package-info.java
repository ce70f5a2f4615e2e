/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Evaluates text encoders on retrieval and similarity tasks of MTEB or of the user's own, exactly
 * and through Lucene, beside BM25 and hybrid search. {@link
 * io.github.llm2vec.trainer.mteb.MtebEvaluation} is the way in; the packages below hold the parts.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mteb;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
