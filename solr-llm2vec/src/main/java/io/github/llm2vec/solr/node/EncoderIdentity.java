/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/**
 * Identity of an open model: everything that shapes its vectors. A request takes it once and has
 * all its texts encoded by it; a model that is reloaded to something else meanwhile refuses them.
 *
 * @param declaration by which the model was opened
 * @param fingerprint of weights, adapters, template, pooling and lengths
 * @param dimensions of the vectors
 * @param dtype of the weights, "" if the encoder does not tell
 * @param tokenizer its fingerprint, "" if the encoder does not tell
 */
public record EncoderIdentity(
    ModelDeclaration declaration,
    String fingerprint,
    int dimensions,
    String dtype,
    String tokenizer) {

  /** Whether both give the same vectors for the same texts, default instructions included. */
  public boolean givesTheVectorsOf(EncoderIdentity other) {
    return fingerprint.equals(other.fingerprint)
        && dimensions == other.dimensions
        && dtype.equals(other.dtype)
        && tokenizer.equals(other.tokenizer)
        && declaration.normalize() == other.declaration.normalize()
        && declaration.queryInstruction().equals(other.declaration.queryInstruction())
        && declaration.documentInstruction().equals(other.declaration.documentInstruction());
  }

  /**
   * Checks that a model is still the one that a request began with.
   *
   * @throws SolrException 409 if it is another one
   */
  void require(EncoderIdentity now) {
    if (!givesTheVectorsOf(now)) {
      throw new SolrException(
          ErrorCode.CONFLICT,
          "model '%s' was reloaded while the request ran: it began with fingerprint %s and dtype"
                  .formatted(declaration.name(), fingerprint)
              + " '%s', and now there is fingerprint %s and dtype '%s' or another instruction. What"
                  .formatted(dtype, now.fingerprint, now.dtype)
              + " was not encoded yet was not indexed; send it again");
    }
  }
}
