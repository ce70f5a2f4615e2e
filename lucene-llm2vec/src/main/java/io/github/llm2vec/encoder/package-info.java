/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Text in, vectors out: templates and instructions, truncation, tokens, pooling windows, batch
 * planning and {@code Llm2Vec}, which ties them to a model. It must not know of Lucene or Solr.
 */
@API(status = API.Status.STABLE)
@NullMarked
package io.github.llm2vec.encoder;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
