/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Texts that other nodes encode: which nodes serve a model, what is sent to them and by which of
 * Solr's clients, and what is done when one fails; and the endpoint that answers them. It must not
 * know of models files, update chains or query parsers.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.remote;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
