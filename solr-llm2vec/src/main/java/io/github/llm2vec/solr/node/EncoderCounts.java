/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

/**
 * What an encoder has done.
 *
 * @param documents document texts that became vectors
 * @param queries query texts that became vectors
 * @param cachedQueries query texts whose vector was still there
 * @param failedCalls calls of the encoder that threw
 */
public record EncoderCounts(long documents, long queries, long cachedQueries, long failedCalls) {}
