/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The text of a document: which fields it is made of, in which form their values count, how long
 * texts are truncated or split, and the hash by which a text is known again. It must not know of
 * vectors, models or updates.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.solr.update.text;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
