/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import org.apache.solr.update.AddUpdateCommand;

/**
 * A document that waits for its vector, with what its command said.
 *
 * @param command a copy that is the buffer's own: loaders use one command for many documents
 * @param plan what is to be done about the vector
 */
record BufferedAdd(AddUpdateCommand command, DocumentPlan plan) {}
