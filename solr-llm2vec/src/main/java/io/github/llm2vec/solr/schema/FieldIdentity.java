/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;
import java.util.Optional;

/**
 * Identity of what made the vectors of a field: model, pooling, width and instruction. It is
 * written with every vector, as a term of the field's companion {@link AuxiliaryFields#identity},
 * so that it goes wherever the index goes: through replication, backup, merge and split; and so
 * that a facet on that field shows how far a change of the model is.
 *
 * @param model name in the models file; for people, not part of the identity
 * @param fingerprint of the encoder: weights, adapters, template, pooling
 * @param pooling as declared, "" for the model's own; for people, the fingerprint covers it
 * @param dimensions of the vectors
 * @param instruction of the documents, "" for none
 * @param dtype of the weights, "" if it is not known, as in indexes from before it was written
 * @param tokenizer fingerprint of the tokenizer, "" if it is not known, likewise
 */
public record FieldIdentity(
    String model,
    String fingerprint,
    String pooling,
    int dimensions,
    String instruction,
    String dtype,
    String tokenizer) {

  private static final JsonMapper JSON = new JsonMapper();

  /** Rejects null. */
  public FieldIdentity {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(fingerprint, "fingerprint");
    Objects.requireNonNull(pooling, "pooling");
    Objects.requireNonNull(instruction, "instruction");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(tokenizer, "tokenizer");
  }

  /** The identity as it is indexed: JSON with its keys in a fixed order. */
  public String toTerm() {
    return toJson().toString();
  }

  ObjectNode toJson() {
    ObjectNode node = JSON.createObjectNode();
    node.put("model", model);
    node.put("fingerprint", fingerprint);
    node.put("pooling", pooling);
    node.put("dimensions", dimensions);
    node.put("instruction", instruction);
    if (!dtype.isEmpty()) {
      node.put("dtype", dtype);
    }
    if (!tokenizer.isEmpty()) {
      node.put("tokenizer", tokenizer);
    }
    return node;
  }

  /** Reads what {@link #toTerm} wrote; empty for anything else. */
  public static Optional<FieldIdentity> ofTerm(String term) {
    try {
      JsonNode node = JSON.readTree(term);
      if (!node.path("fingerprint").isTextual() || !node.path("dimensions").isInt()) {
        return Optional.empty();
      }
      return Optional.of(
          new FieldIdentity(
              node.path("model").asText(),
              node.path("fingerprint").asText(),
              node.path("pooling").asText(),
              node.path("dimensions").asInt(),
              node.path("instruction").asText(),
              node.path("dtype").asText(),
              node.path("tokenizer").asText()));
    } catch (JsonProcessingException e) {
      // Not ours: the field is a plain string field that a client may write as well.
      return Optional.empty();
    }
  }

  /**
   * Whether vectors of both can stand in one field: same fingerprint, width and instruction, and,
   * as far as that is known, tokenizer and precision of the weights: 32 bits, 16, 8 or 4.
   */
  public boolean agreesWith(FieldIdentity other) {
    return comparesWith(other.fingerprint, other.tokenizer, other.dimensions)
        && instruction.equals(other.instruction)
        && (dtype.isEmpty() || other.dtype.isEmpty() || bits() == other.bits());
  }

  private int bits() {
    return switch (dtype) {
      case "float32" -> 32;
      case "int8" -> 8;
      case "int4" -> 4;
      default -> 16;
    };
  }

  /** Whether query vectors of an encoder, cut to a width, can be compared with these vectors. */
  public boolean comparesWith(String queryFingerprint, String queryTokenizer, int queryDimensions) {
    return fingerprint.equals(queryFingerprint)
        && dimensions == queryDimensions
        && (tokenizer.isEmpty() || queryTokenizer.isEmpty() || tokenizer.equals(queryTokenizer));
  }

  @Override
  public String toString() {
    return "model '%s' (fingerprint %s, pooling %s, %s dimensions, instruction '%s'%s%s)"
        .formatted(
            model,
            fingerprint,
            pooling.isEmpty() ? "its own" : pooling,
            dimensions,
            instruction,
            dtype.isEmpty() ? "" : ", dtype " + dtype,
            tokenizer.isEmpty() ? "" : ", tokenizer " + tokenizer);
  }
}
