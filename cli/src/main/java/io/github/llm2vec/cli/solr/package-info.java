/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A real Solr in this process, for the demo: started, given collections, stopped. It must not know
 * of commands, progress bars or what is indexed.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.solr;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
