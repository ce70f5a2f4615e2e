/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a checkpoint is: configuration, architectures, safetensors, PEFT adapters and where a model
 * id is found on disk or on a hub. It must not know how a model is run: no tensor library and no
 * search engine is named here.
 */
package io.github.llm2vec.model;
