/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the demo asks of a Solr collection, over HTTP as any client would. It knows neither how the
 * server was started nor how results are shown.
 */
package io.github.llm2vec.cli.demo;
