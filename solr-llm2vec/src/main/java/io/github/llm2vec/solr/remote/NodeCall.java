/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.solr.common.util.JavaBinCodec;

/** What a node asks of another one; in javabin on its way. */
public sealed interface NodeCall {

  /** Which models it serves, and how busy they are. */
  record ListModels() implements NodeCall {}

  /**
   * Vectors of texts.
   *
   * @param model its name, the same on both nodes
   * @param identity what the model must be
   * @param adapter name of one beside the model, or "" for the model alone
   * @param prompt with the instruction that counts; nothing is filled in
   * @param texts a query alone, or documents
   * @param patience how long a query's vector is of use; zero for ever
   */
  record Encode(
      String model,
      ModelIdentity identity,
      String adapter,
      Prompt prompt,
      List<String> texts,
      Duration patience)
      implements NodeCall {}

  /**
   * The tokens of a text.
   *
   * @param model its name, the same on both nodes
   * @param identity what the model must be
   */
  record Tokenize(String model, ModelIdentity identity, String text) implements NodeCall {}

  /** The call in javabin. */
  default byte[] toBytes() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (this instanceof Encode encode) {
      map.put("call", "encode");
      map.put("model", encode.model);
      map.put("identity", encode.identity.toMap());
      map.put("adapter", encode.adapter);
      map.put("role", encode.prompt.role() == Role.QUERY ? "query" : "document");
      map.put("instruction", encode.prompt.instruction());
      map.put("patience", encode.patience.toMillis());
      map.put("texts", encode.texts);
    } else if (this instanceof Tokenize tokenize) {
      map.put("call", "tokenize");
      map.put("model", tokenize.model);
      map.put("identity", tokenize.identity.toMap());
      map.put("text", tokenize.text);
    } else {
      map.put("call", "models");
    }
    try (JavaBinCodec codec = new JavaBinCodec();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream()) {
      codec.marshal(map, bytes);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("javabin cannot be written to memory; this is a bug", e);
    }
  }

  /**
   * Reads what {@link #toBytes} wrote.
   *
   * @throws IllegalArgumentException if it is something else
   */
  static NodeCall read(InputStream bytes) {
    Message message = Message.of(unmarshal(bytes));
    String call = message.text("call");
    return switch (call) {
      case "models" -> new ListModels();
      case "encode" -> encode(message);
      case "tokenize" ->
          new Tokenize(
              message.text("model"),
              ModelIdentity.of(message.map("identity")),
              message.text("text"));
      default -> throw new IllegalArgumentException("a node cannot be asked for '" + call + "'");
    };
  }

  // The codec throws what it runs into, on bytes that are none of its own.
  private static Object unmarshal(InputStream bytes) {
    try (JavaBinCodec codec = new JavaBinCodec()) {
      return codec.unmarshal(bytes);
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException("the body is no javabin: " + e, e);
    }
  }

  private static Encode encode(Message message) {
    List<String> texts = new ArrayList<>();
    message.list("texts").forEach(text -> texts.add(String.valueOf(text)));
    String role = message.text("role");
    String instruction = message.text("instruction");
    Prompt prompt =
        switch (role) {
          case "query" -> Prompt.query(instruction);
          case "document" -> Prompt.document(instruction);
          default -> throw new IllegalArgumentException("there is no role '" + role + "'");
        };
    if (prompt.role() == Role.QUERY && texts.size() != 1) {
      throw new IllegalArgumentException("queries come one by one, found " + texts.size());
    }
    return new Encode(
        message.text("model"),
        ModelIdentity.of(message.map("identity")),
        message.values().containsKey("adapter") ? message.text("adapter") : "",
        prompt,
        texts,
        Duration.ofMillis(message.number("patience")));
  }
}
