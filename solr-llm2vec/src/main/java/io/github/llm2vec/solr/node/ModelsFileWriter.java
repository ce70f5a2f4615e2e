/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.solr.remote.EncoderNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.TreeMap;

/** Writes declarations in the format that {@link ModelsFile} defines and reads. */
public final class ModelsFileWriter {

  private static final JsonMapper JSON = new JsonMapper();

  private ModelsFileWriter() {}

  /** Writes a file that declares these models; one that is there is replaced. */
  public static void write(Path file, Collection<ModelDeclaration> models) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode declared = root.putObject("models");
    models.forEach(model -> write(declared.putObject(model.name()), model));
    Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }

  private static void write(ObjectNode node, ModelDeclaration model) {
    model
        .encoderNodes()
        .ifPresent(
            nodes -> {
              if (nodes instanceof EncoderNodes.Listed listed) {
                listed.urls().forEach(node.putArray("encoder_nodes")::add);
              } else {
                node.put("encoder_nodes", "cluster");
              }
            });
    put(node, "same_space_as", model.sameSpaceAs());
    if (!model.isHere()) {
      return;
    }
    node.put("model", model.model());
    if (!model.adapters().isEmpty()) {
      model.adapters().forEach(node.putArray("adapters")::add);
    } else if (!model.adaptersBeside().isEmpty()) {
      ObjectNode beside = node.putObject("adapters");
      new TreeMap<>(model.adaptersBeside()).forEach(beside::put);
    }
    put(node, "template", model.template());
    put(node, "pooling", model.pooling());
    put(node, "dtype", model.dtype());
    if (model.devices().size() == 1) {
      node.put("device", model.devices().get(0));
    } else if (!model.devices().isEmpty()) {
      model.devices().forEach(node.putArray("device")::add);
    }
    put(node, "threads", model.threads());
    node.put("normalize", model.normalize());
    put(node, "max_length", model.maxLength());
    put(node, "doc_max_length", model.docMaxLength());
    put(node, "dimensions", model.dimensions());
    put(node, "query_instruction", model.queryInstruction());
    put(node, "document_instruction", model.documentInstruction());
    if (!model.serving().equals(ServingLimits.DEFAULTS)) {
      write(node.putObject("serving"), model.serving());
    }
  }

  private static void write(ObjectNode node, ServingLimits serving) {
    put(node, "query_step_ms", serving.queryStepMillis());
    put(node, "document_step_ms", serving.documentStepMillis());
    put(node, "query_backlog_ms", serving.queryBacklogMillis());
    put(node, "document_backlog_ms", serving.documentBacklogMillis());
    put(node, "max_batch_tokens", serving.maxBatchTokens());
  }

  private static void put(ObjectNode node, String key, String value) {
    if (!value.isEmpty()) {
      node.put(key, value);
    }
  }

  private static void put(ObjectNode node, String key, int value) {
    if (value > 0) {
      node.put(key, value);
    }
  }
}
