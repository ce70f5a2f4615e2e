/* SPDX-License-Identifier: Apache-2.0 */
/**
 * From data to what an objective is computed on: token ids, masks, labels and pooling windows, in
 * batches. Shape letters: B rows of a batch, S positions of its longest row. It must not know of
 * tensors.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.dataloader;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
