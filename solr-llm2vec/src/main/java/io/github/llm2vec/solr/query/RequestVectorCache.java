/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.files.ContentHash;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.schema.CoreIdentities.QueryIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.request.SolrQueryRequest;

/**
 * Query vectors of one request: each text is encoded once on the coordinating node, however many
 * clauses, shards and phases a request has, and travels with the shard requests. The first node
 * keeps the vectors in the context of its request; they travel as parameters of the shard requests:
 * base64 of the little-endian floats, under a name derived from model, instruction and text, with
 * what encoded them before: every core compares that with what made the vectors that it holds.
 */
final class RequestVectorCache {

  private static final String PREFIX = "llm2vec.vector.";

  /** Is no letter of base64. */
  private static final char IDENTITY = '.';

  private static final JsonMapper JSON = new JsonMapper();

  private RequestVectorCache() {}

  /**
   * A query vector and its origin.
   *
   * @param values to be read only
   * @param identity of the encoder; empty if it came from a node that does not tell, one with an
   *     earlier version of this plugin
   */
  // Compared by nobody, so that the array does no harm.
  @SuppressWarnings("ArrayRecordComponent")
  record Encoded(float[] values, Optional<QueryIdentity> identity) {}

  /** The name under which the vector of a text travels. */
  static String key(String model, Prompt prompt, String text) {
    MessageDigest digest = ContentHash.digest("SHA-256");
    for (String part : new String[] {model, prompt.role().name(), prompt.instruction(), text}) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
      digest.update(bytes);
    }
    return PREFIX + HexFormat.of().formatHex(digest.digest(), 0, 16);
  }

  /**
   * The vector that another node sent along, or that another clause of the request needed.
   *
   * @return to be read only
   * @throws SolrException 400 if what was sent is not a vector
   */
  static Optional<Encoded> known(SolrQueryRequest request, String key) {
    Encoded kept = RequestState.of(request).vectors().get(key);
    return kept == null ? received(request.getParams(), key) : Optional.of(kept);
  }

  /** The vector that another node sent along. */
  static Optional<Encoded> received(SolrParams params, String key) {
    return Optional.ofNullable(params.get(key)).map(RequestVectorCache::decode);
  }

  /** Keeps a vector for other clauses and for the shards of this request. */
  static void keep(SolrQueryRequest request, String key, Encoded vector) {
    RequestState.of(request).vectors().put(key, vector);
  }

  /** Adds all vectors that were kept to the parameters of a shard request. */
  static void send(SolrQueryRequest request, ModifiableSolrParams params) {
    RequestState.of(request).vectors().forEach((key, vector) -> params.set(key, encode(vector)));
  }

  /** Base64 of the floats and, behind a dot, of the identity as JSON. */
  private static String encode(Encoded vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.values().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector.values());
    String floats = Base64.getEncoder().encodeToString(bytes.array());
    return vector.identity().map(identity -> floats + IDENTITY + write(identity)).orElse(floats);
  }

  private static String write(QueryIdentity identity) {
    ObjectNode json = JSON.createObjectNode();
    json.put("model", identity.model());
    json.put("fingerprint", identity.fingerprint());
    json.put("tokenizer", identity.tokenizer());
    json.put("space", identity.space());
    json.put("node", identity.node());
    return Base64.getEncoder().encodeToString(json.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static Encoded decode(String written) {
    int end = written.indexOf(IDENTITY);
    return end < 0
        ? new Encoded(floats(written), Optional.empty())
        : new Encoded(
            floats(written.substring(0, end)), Optional.of(identity(written.substring(end + 1))));
  }

  private static QueryIdentity identity(String base64) {
    try {
      JsonNode json = JSON.readTree(Base64.getDecoder().decode(base64));
      return new QueryIdentity(
          json.path("model").asText(),
          json.path("fingerprint").asText(),
          json.path("tokenizer").asText(),
          json.path("space").asText(),
          json.path("node").asText());
    } catch (IOException | IllegalArgumentException e) {
      throw SolrErrors.badRequest("parameter " + PREFIX + "* does not say what made its vector", e);
    }
  }

  private static float[] floats(String base64) {
    try {
      byte[] bytes = Base64.getDecoder().decode(base64);
      if (bytes.length % Float.BYTES != 0) {
        throw new IllegalArgumentException(bytes.length + " bytes are no whole number of floats");
      }
      float[] vector = new float[bytes.length / Float.BYTES];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
      for (float value : vector) {
        if (!Float.isFinite(value)) {
          throw new IllegalArgumentException("it has " + value + " in it");
        }
      }
      return vector;
    } catch (IllegalArgumentException e) {
      throw SolrErrors.badRequest(
          "parameter " + PREFIX + "* holds no vector: " + e.getMessage(), e);
    }
  }
}
