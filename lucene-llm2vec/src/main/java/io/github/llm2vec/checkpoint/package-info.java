/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A model as it lies on disk: where its folder is found, of which base and adapters it consists,
 * what LLM2Vec's and sentence-transformers' files say about it, its fingerprint, merging and
 * writing. No tensor library and no search engine is named here.
 */
@API(status = API.Status.EXPERIMENTAL)
@NullMarked
package io.github.llm2vec.checkpoint;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
