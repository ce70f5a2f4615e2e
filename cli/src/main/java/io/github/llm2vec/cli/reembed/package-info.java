/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command {@code reembed}: has a live Solr collection encode its documents with another model
 * into a second vector field. It reaches Solr over HTTP alone and keeps no state of its own: what
 * is done is what the index holds. It must not know how models encode.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.reembed;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
