/* SPDX-License-Identifier: Apache-2.0 */
/** Charts as a few shapes of SVG, and the self-contained HTML page that they stand on. */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.trainer.chart;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
