/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import io.github.llm2vec.encoder.Prompt;

/** What a vector of one encoder depends on. */
record TextKey(Prompt prompt, String text) {}
