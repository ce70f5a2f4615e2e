/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.Decoder;
import java.io.IOException;
import java.util.List;

/** Opens adapters beside a model that is open. */
@FunctionalInterface
interface AdapterOpener {

  /**
   * Opens an adapter.
   *
   * @param name by which it is chosen
   * @param adapter folder or hub id
   * @param decoders of the model
   * @throws IOException as {@link Llm2Vec#openAdapter}
   */
  Adapter open(String name, String adapter, List<Decoder> decoders) throws IOException;
}
