/* SPDX-License-Identifier: Apache-2.0 */
/** Turns checkpoints of other programs into Hugging Face model folders. */
package io.github.llm2vec.cli.convert;
