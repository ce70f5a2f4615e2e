/* SPDX-License-Identifier: Apache-2.0 */
/** Turns checkpoints of other programs into Hugging Face model folders. */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.convert;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
