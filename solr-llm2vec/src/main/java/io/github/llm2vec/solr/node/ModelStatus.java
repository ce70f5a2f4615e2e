/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

/**
 * What an operator wants to know of a declared model.
 *
 * @param declaration what was asked for
 * @param state how far it is
 * @param failure why it could not be opened, or ""
 * @param dimensions width of its vectors, or 0 while it is not open
 * @param fingerprint identity of its vectors, or "" while it is not open
 * @param cores how many cores hold it
 * @param counts what it has done since the node knows it
 */
public record ModelStatus(
    ModelDeclaration declaration,
    ModelState state,
    String failure,
    int dimensions,
    String fingerprint,
    int cores,
    EncoderCounts counts) {}
