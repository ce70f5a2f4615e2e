/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/** What of a model is trained beside its head, about which {@link LanguageModelHead} decides. */
public sealed interface TrainableParameters permits LoraOptions, AllParameters {}
