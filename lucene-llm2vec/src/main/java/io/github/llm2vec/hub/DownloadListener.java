/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.hub;

import org.apiguardian.api.API;

/** Listener for the progress of a download. Called on the thread that downloads. */
@API(status = API.Status.STABLE)
@FunctionalInterface
public interface DownloadListener {

  /** One that does not listen. */
  DownloadListener NONE = (model, file, done, total) -> {};

  /**
   * Called when a file starts (with what an earlier attempt left), now and then, and at its end
   * (with {@code done} equal to {@code total}).
   *
   * @param model the id
   * @param file name of the file in the model
   * @param done bytes that are on disk
   * @param total bytes of the file, or -1 if the hub does not say
   */
  void progressed(String model, String file, long done, long total);
}
