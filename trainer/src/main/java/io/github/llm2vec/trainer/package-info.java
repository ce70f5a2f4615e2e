/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Training and evaluation on the same model code that encodes. Nothing of Solr and nothing of the
 * command line is known here.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
