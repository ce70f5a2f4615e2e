/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the plugin asks of a schema: that a field can take the vectors of a model. It must not know
 * how vectors come about.
 */
package io.github.llm2vec.solr.schema;
