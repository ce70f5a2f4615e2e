/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The exceptions that Solr turns into the status of its answer. It must not know anything else of
 * the plugin.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.errors;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
