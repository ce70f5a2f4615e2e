/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command {@code demo}: a collection filled and searched over HTTP as any client would, and its
 * page. It must not know how the server was started.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.cli.demo;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
