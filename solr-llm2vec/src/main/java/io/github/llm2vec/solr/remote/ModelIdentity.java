/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Identity of a model that a node serves to others: all that shapes its vectors.
 *
 * @param fingerprint of weights, merged adapters, template, pooling and lengths
 * @param dimensions of the vectors
 * @param dtype of the weights, "" if it is not known
 * @param tokenizer its fingerprint, "" if it is not known
 * @param normalize whether vectors are scaled to length 1
 * @param pooling as declared, "" for the model's own; for people, the fingerprint covers it
 * @param queryInstruction of queries that bring none
 * @param documentInstruction of documents that bring none
 * @param adapters fingerprints of the vectors that adapters beside the model give, by their names
 */
public record ModelIdentity(
    String fingerprint,
    int dimensions,
    String dtype,
    String tokenizer,
    boolean normalize,
    String pooling,
    String queryInstruction,
    String documentInstruction,
    Map<String, String> adapters) {

  /** Takes a copy. */
  public ModelIdentity {
    adapters = Map.copyOf(adapters);
  }

  /**
   * Whether both give the same vectors for the same texts, default instructions included, alone and
   * with each adapter.
   */
  public boolean givesTheVectorsOf(ModelIdentity other) {
    return vectors(fingerprint, adapters).equals(other.vectors(other.fingerprint, other.adapters));
  }

  /** The vectors of the model with one of its adapters, or with none, and of nothing else. */
  public ModelIdentity with(String adapter) {
    return vectors(fingerprint(adapter), Map.of());
  }

  /**
   * The fingerprint of the vectors of an adapter.
   *
   * @param adapter "" for the model alone
   * @throws IllegalArgumentException if there is no such adapter
   */
  public String fingerprint(String adapter) {
    String found = adapter.isEmpty() ? fingerprint : adapters.get(adapter);
    if (found == null) {
      throw new IllegalArgumentException("there is no adapter '" + adapter + "'");
    }
    return found;
  }

  private ModelIdentity vectors(String ofFingerprint, Map<String, String> andAdapters) {
    return new ModelIdentity(
        ofFingerprint,
        dimensions,
        dtype,
        tokenizer,
        normalize,
        "",
        queryInstruction,
        documentInstruction,
        andAdapters);
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
    map.put("adapters", adapters);
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
        map.text("documentInstruction"),
        map.texts("adapters"));
  }

  /** What tells models apart, in a few words; the instructions where there are any. */
  @Override
  public String toString() {
    return "fingerprint %s, %s dimensions%s%s%s"
        .formatted(
            fingerprint,
            dimensions,
            dtype.isEmpty() ? "" : ", dtype " + dtype,
            queryInstruction.isEmpty() && documentInstruction.isEmpty()
                ? ""
                : ", instructions '%s' and '%s'".formatted(queryInstruction, documentInstruction),
            adapters.isEmpty() ? "" : ", adapters " + new TreeMap<>(adapters));
  }
}
