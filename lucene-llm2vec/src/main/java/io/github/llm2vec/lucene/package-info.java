/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Vectors in Lucene: fields and formats of any width, quantised or not, KNN and hybrid queries,
 * long documents as blocks of passages. It talks to an {@link
 * io.github.llm2vec.encoder.TextEncoder} and knows nothing of models or tensors.
 */
@API(status = API.Status.STABLE)
@NullMarked
package io.github.llm2vec.lucene;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
