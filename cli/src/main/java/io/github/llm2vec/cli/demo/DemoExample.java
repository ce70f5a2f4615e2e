/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

/**
 * A query that says in other words what a document is about.
 *
 * @param query what is typed
 * @param finds id of the document
 */
public record DemoExample(String query, String finds) {}
