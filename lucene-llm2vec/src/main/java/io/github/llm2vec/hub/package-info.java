/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Hugging Face's hub: its local cache and downloads into it, in the layout that huggingface_hub
 * shares. It must not know which files a model needs; it is told by a {@link
 * io.github.llm2vec.hub.HubDownloader.FileSelection}.
 */
@API(status = API.Status.INTERNAL)
@NullMarked
package io.github.llm2vec.hub;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
