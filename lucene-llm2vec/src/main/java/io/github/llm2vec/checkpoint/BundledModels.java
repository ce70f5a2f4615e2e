/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The models on the class path that are packaged in jars.
 *
 * @param models in the order of the class path
 */
record BundledModels(List<BundledModel> models) {

  /** Copies the list. */
  BundledModels {
    models = List.copyOf(models);
  }

  /**
   * Those beside this library. Its own class loader is asked, since in a server the caller's may be
   * one that does not see plugins.
   */
  static BundledModels onClassPath() {
    return new BundledModels(
        ServiceLoader.load(BundledModel.class, BundledModels.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList());
  }

  Optional<BundledModel> named(String name) {
    return models.stream().filter(model -> model.name().equals(name)).findFirst();
  }

  /** What else a name could have meant, for messages. */
  String hint() {
    return models.isEmpty()
        ? ""
        : ", no model on the class path (there is %s)"
            .formatted(String.join(", ", models.stream().map(BundledModel::name).toList()));
  }
}
