/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Adapter;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.remote.ModelIdentity;
import java.util.regex.Pattern;
import org.apache.solr.common.SolrException;

/**
 * Identity of an open model: everything that shapes its vectors. A request takes it once and has
 * all its texts encoded by it; a model that is reloaded to something else meanwhile refuses them.
 *
 * @param declaration by which the model was opened; of a model on other nodes, with what they say
 * @param fingerprint of weights, adapters, template, pooling and lengths
 * @param dimensions of the vectors
 * @param dtype of the weights, "" if the encoder does not tell
 * @param tokenizer its fingerprint, "" if the encoder does not tell
 * @param nodes that have the model, for messages; "" if this one has
 * @param adapter name of the adapter beside the model that shapes the vectors, too, or ""
 */
public record EncoderIdentity(
    ModelDeclaration declaration,
    String fingerprint,
    int dimensions,
    String dtype,
    String tokenizer,
    String nodes,
    String adapter) {

  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

  /** Whether a text is the fingerprint of an encoder rather than the name of a model. */
  public static boolean isFingerprint(String text) {
    return FINGERPRINT.matcher(text).matches();
  }

  /** Of a model that nodes serve to others. */
  static EncoderIdentity of(ModelDeclaration declaration, ModelIdentity served, String nodes) {
    return new EncoderIdentity(
        declaration.as(served),
        served.fingerprint(),
        served.dimensions(),
        served.dtype(),
        served.tokenizer(),
        nodes,
        "");
  }

  /** The same with an adapter of the model. */
  EncoderIdentity with(Adapter value) {
    return new EncoderIdentity(
        declaration, value.fingerprint(), dimensions, dtype, tokenizer, nodes, value.name());
  }

  /** The same as other nodes know it. */
  ModelIdentity served() {
    return new ModelIdentity(
        fingerprint,
        dimensions,
        dtype,
        tokenizer,
        declaration.normalize(),
        declaration.pooling(),
        declaration.queryInstruction(),
        declaration.documentInstruction());
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
    return served().givesTheVectorsOf(other.served());
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
                  .formatted(declaration.name(), fingerprint)
              + " '%s', and now there is fingerprint %s and dtype '%s' or another instruction. What"
                  .formatted(dtype, now.fingerprint, now.dtype)
              + " was not encoded yet was not indexed; send it again");
    }
  }
}
