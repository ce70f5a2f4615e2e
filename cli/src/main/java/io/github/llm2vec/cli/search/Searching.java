/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.search.SearchOptions.SearchMode;
import io.github.llm2vec.lucene.HybridFusion;
import io.github.llm2vec.lucene.KnnOptions;

/**
 * Settings with which an index is searched.
 *
 * @param mode what is compared
 * @param nearest how far the graph is walked; its {@code k} is the most hits
 * @param exact whether a dense search compares every vector instead of walking the graph
 * @param fusion how a hybrid search makes one ranking of two
 */
public record Searching(SearchMode mode, KnnOptions nearest, boolean exact, HybridFusion fusion) {}
