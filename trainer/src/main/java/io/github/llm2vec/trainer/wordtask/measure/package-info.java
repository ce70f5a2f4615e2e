/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How well words were labelled: accuracy, and precision, recall and F1 of the spans that the labels
 * mean, counted as the Python package seqeval counts them by default.
 */
@API(status = API.Status.INTERNAL)
package io.github.llm2vec.trainer.wordtask.measure;

import org.apiguardian.api.API;
