/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Identity of a model that a node serves to others: all that shapes its vectors.
 *
 * @param fingerprint of weights, adapters, template, pooling and lengths
 * @param dimensions of the vectors
 * @param dtype of the weights, "" if it is not known
 * @param tokenizer its fingerprint, "" if it is not known
 * @param normalize whether vectors are scaled to length 1
 * @param pooling as declared, "" for the model's own; for people, the fingerprint covers it
 * @param queryInstruction of queries that bring none
 * @param documentInstruction of documents that bring none
 */
public record ModelIdentity(
    String fingerprint,
    int dimensions,
    String dtype,
    String tokenizer,
    boolean normalize,
    String pooling,
    String queryInstruction,
    String documentInstruction) {

  /** Whether both give the same vectors for the same texts, default instructions included. */
  public boolean givesTheVectorsOf(ModelIdentity other) {
    return withPooling("").equals(other.withPooling(""));
  }

  private ModelIdentity withPooling(String value) {
    return new ModelIdentity(
        fingerprint,
        dimensions,
        dtype,
        tokenizer,
        normalize,
        value,
        queryInstruction,
        documentInstruction);
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("fingerprint", fingerprint);
    map.put("dimensions", dimensions);
    map.put("dtype", dtype);
    map.put("tokenizer", tokenizer);
    map.put("normalize", normalize);
    map.put("pooling", pooling);
    map.put("queryInstruction", queryInstruction);
    map.put("documentInstruction", documentInstruction);
    return map;
  }

  static ModelIdentity of(Message map) {
    return new ModelIdentity(
        map.text("fingerprint"),
        (int) map.number("dimensions"),
        map.text("dtype"),
        map.text("tokenizer"),
        map.flag("normalize"),
        map.text("pooling"),
        map.text("queryInstruction"),
        map.text("documentInstruction"));
  }

  /** What tells models apart, in a few words; the instructions where there are any. */
  @Override
  public String toString() {
    return "fingerprint %s, %s dimensions%s%s"
        .formatted(
            fingerprint,
            dimensions,
            dtype.isEmpty() ? "" : ", dtype " + dtype,
            queryInstruction.isEmpty() && documentInstruction.isEmpty()
                ? ""
                : ", instructions '%s' and '%s'".formatted(queryInstruction, documentInstruction));
  }
}
