/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.solr.remote.EncoderNodes;
import io.github.llm2vec.solr.remote.ModelIdentity;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One model as {@code llm2vec-models.json} declares it. A text that is "" and a number that is 0
 * stand for "as the checkpoint itself says".
 *
 * @param name what update chains and queries call the model
 * @param model folder of the checkpoint, or its id on the Hugging Face hub; "" for a model that
 *     other nodes have and this one has not
 * @param adapters folders or ids of PEFT adapters, merged in this order
 * @param adaptersBeside folders or ids of PEFT adapters that stay beside the model, by the names by
 *     which update chains and queries choose them
 * @param template name of what is written around a text, for example {@code llama3-instruct}
 * @param pooling name of the pooling mode, for example {@code mean}
 * @param dtype {@code float32}, {@code float16}, {@code bfloat16}, {@code int8} or {@code int4}
 * @param devices {@code cpu}, {@code cuda} or {@code cuda:N}; several run the model at once
 * @param threads within an operation of each of the devices that are the CPU
 * @param normalize whether vectors are scaled to length 1; true unless declared otherwise, since
 *     the dot product of Lucene wants unit vectors
 * @param maxLength most tokens of a text, instruction included
 * @param docMaxLength most tokens of the text itself
 * @param dimensions width that vectors are cut to
 * @param queryInstruction instruction of queries that bring none
 * @param documentInstruction instruction of documents whose update chain has none
 * @param serving how callers share the model
 * @param sameSpaceAs model whose vectors those of this one may be compared with: its name in the
 *     models file, or its fingerprint; "" for none
 * @param encoderNodes nodes that encode for this one; empty if it encodes itself. A model that is
 *     here as well encodes when they cannot
 */
public record ModelDeclaration(
    String name,
    String model,
    List<String> adapters,
    Map<String, String> adaptersBeside,
    String template,
    String pooling,
    String dtype,
    List<String> devices,
    int threads,
    boolean normalize,
    int maxLength,
    int docMaxLength,
    int dimensions,
    String queryInstruction,
    String documentInstruction,
    ServingLimits serving,
    String sameSpaceAs,
    Optional<EncoderNodes> encoderNodes) {

  /** Copies the lists and rejects null and what no model could be opened with. */
  public ModelDeclaration {
    Objects.requireNonNull(template, "template");
    Objects.requireNonNull(pooling, "pooling");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(queryInstruction, "queryInstruction");
    Objects.requireNonNull(documentInstruction, "documentInstruction");
    Objects.requireNonNull(serving, "serving");
    Objects.requireNonNull(sameSpaceAs, "sameSpaceAs");
    adapters = List.copyOf(adapters);
    adaptersBeside = Map.copyOf(adaptersBeside);
    devices = List.copyOf(devices);
    if (name.isBlank()) {
      throw new IllegalArgumentException("a model needs a name");
    }
    if (model.isBlank() && encoderNodes.isEmpty()) {
      throw new IllegalArgumentException(
          "model '"
              + name
              + "' has no \"model\": give the folder of a checkpoint or a hub id, or"
              + " \"encoder_nodes\" if other nodes have it");
    }
    if (adaptersBeside.keySet().stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("model '" + name + "': an adapter needs a name");
    }
    if (threads < 0) {
      throw new IllegalArgumentException(
          "model '%s': threads cannot be negative, found %s".formatted(name, threads));
    }
    if (maxLength < 0 || docMaxLength < 0 || dimensions < 0) {
      throw new IllegalArgumentException(
          "model '%s': lengths and dimensions cannot be negative, found max_length %s,"
                  .formatted(name, maxLength)
              + " doc_max_length %s, dimensions %s".formatted(docMaxLength, dimensions));
    }
  }

  /** A declaration that leaves everything to the checkpoint. */
  public static ModelDeclaration of(String name, String model) {
    return of(name, model, "", Optional.empty());
  }

  /** A declaration of a model that other nodes have and this one has not. */
  public static ModelDeclaration served(String name, String sameSpaceAs, EncoderNodes nodes) {
    return of(name, "", sameSpaceAs, Optional.of(nodes));
  }

  private static ModelDeclaration of(
      String name, String model, String sameSpaceAs, Optional<EncoderNodes> nodes) {
    return new ModelDeclaration(
        name,
        model,
        List.of(),
        Map.of(),
        "",
        "",
        "",
        List.of(),
        0,
        true,
        0,
        0,
        0,
        "",
        "",
        ServingLimits.DEFAULTS,
        sameSpaceAs,
        nodes);
  }

  /** Whether the model itself is on this node. */
  public boolean isHere() {
    return !model.isBlank();
  }

  /** What the nodes say that have the model, in place of what this one cannot know. */
  ModelDeclaration as(ModelIdentity served) {
    return new ModelDeclaration(
        name,
        model,
        adapters,
        adaptersBeside,
        template,
        served.pooling(),
        dtype,
        devices,
        threads,
        served.normalize(),
        maxLength,
        docMaxLength,
        dimensions,
        served.queryInstruction(),
        served.documentInstruction(),
        serving,
        sameSpaceAs,
        encoderNodes);
  }

  /** The prompt itself, or, if it has no instruction, with the one declared for its role. */
  public Prompt withDefaultInstruction(Prompt prompt) {
    if (!prompt.instruction().isEmpty()) {
      return prompt;
    }
    return prompt.role() == Role.QUERY
        ? Prompt.query(queryInstruction)
        : Prompt.document(documentInstruction);
  }
}
