/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Shows evaluations: tables for a terminal, and one HTML file with tables and charts that needs
 * nothing else.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.mteb.report;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
