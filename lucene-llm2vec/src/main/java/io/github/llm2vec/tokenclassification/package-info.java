/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Labels for words (named entities, parts of speech, chunks): a linear layer over a decoder's
 * hidden states, its files, and the alignment of words and tokens. It must not know how a head is
 * trained.
 */
@API(status = API.Status.EXPERIMENTAL)
@NullMarked
package io.github.llm2vec.tokenclassification;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
