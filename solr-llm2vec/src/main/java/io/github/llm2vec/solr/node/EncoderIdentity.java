/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.remote.ModelIdentity;
import java.util.regex.Pattern;
import org.apache.solr.common.SolrException;

/**
 * Identity of an open model: everything that shapes its vectors. A request takes it once and has
 * all its texts encoded by it; a model that is reloaded to something else meanwhile refuses them.
 *
 * @param declaration by which the model was opened; of a model on other nodes, with what they say
 * @param model as nodes tell each other of it, with the adapters beside it
 * @param nodes that have the model, for messages; "" if this one has
 * @param adapter name of the adapter beside the model that shapes the vectors, too, or ""
 */
public record EncoderIdentity(
    ModelDeclaration declaration, ModelIdentity model, String nodes, String adapter) {

  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

  /** Whether a text is the fingerprint of an encoder rather than the name of a model. */
  public static boolean isFingerprint(String text) {
    return FINGERPRINT.matcher(text).matches();
  }

  /** Of a model that nodes serve to others. */
  static EncoderIdentity of(ModelDeclaration declaration, ModelIdentity served, String nodes) {
    return new EncoderIdentity(declaration.as(served), served, nodes, "");
  }

  /** The same with an adapter of the model. */
  EncoderIdentity with(String name) {
    return new EncoderIdentity(declaration, model, nodes, name);
  }

  /** Of weights, adapters, template, pooling and lengths. */
  public String fingerprint() {
    return model.fingerprint(adapter);
  }

  /** Width of the vectors. */
  public int dimensions() {
    return model.dimensions();
  }

  /** Of the weights, "" if the encoder does not tell. */
  public String dtype() {
    return model.dtype();
  }

  /** The tokenizer's fingerprint, "" if the encoder does not tell. */
  public String tokenizer() {
    return model.tokenizer();
  }

  /**
   * Where texts become vectors, for messages.
   *
   * @param node that has them encoded
   */
  public String encodedOn(String node) {
    return nodes.isEmpty() ? node : node + " (by the model of " + nodes + ")";
  }

  /** Whether both give the same vectors for the same texts, default instructions included. */
  public boolean givesTheVectorsOf(EncoderIdentity other) {
    return model.with(adapter).equals(other.model.with(other.adapter));
  }

  /**
   * Checks that a model is still the one that a request began with.
   *
   * @throws SolrException 409 if it is another one
   */
  void require(EncoderIdentity now) {
    if (!givesTheVectorsOf(now)) {
      throw SolrErrors.conflict(
          "model '%s' was reloaded while the request ran: it began with fingerprint %s and dtype"
                  .formatted(declaration.name(), fingerprint())
              + " '%s', and now there is fingerprint %s and dtype '%s' or another instruction. What"
                  .formatted(dtype(), now.fingerprint(), now.dtype())
              + " was not encoded yet was not indexed; send it again");
    }
  }
}
