/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.Decoder;
import io.github.llm2vec.torch.DecoderAdapter;
import java.util.Collection;
import java.util.Map;

/**
 * A LoRA adapter that is open beside its base: its vectors are those of the base with the adapter
 * merged into it, up to rounding, and so is its fingerprint. Immutable; a name that is opened anew
 * gets another one. Texts that were tokenised for an adapter are encoded with it, whether or not it
 * is still open.
 */
public final class Adapter {

  private final String name;
  private final String fingerprint;
  private final Map<Decoder, DecoderAdapter> ofDecoders;

  /**
   * An adapter.
   *
   * @param ofDecoders those decoders of the model that share weights share an adapter
   */
  Adapter(String name, String fingerprint, Map<Decoder, DecoderAdapter> ofDecoders) {
    this.name = name;
    this.fingerprint = fingerprint;
    this.ofDecoders = Map.copyOf(ofDecoders);
  }

  /** An adapter of a model that is not opened from a checkpoint. */
  public static Adapter of(String name, String fingerprint) {
    return new Adapter(name, fingerprint, Map.of());
  }

  /** The name under which it was opened. */
  public String name() {
    return name;
  }

  /** Identity of its vectors, as {@link TextEncoder#fingerprint()}. */
  public String fingerprint() {
    return fingerprint;
  }

  /** Memory that it takes, on all devices together. */
  public long bytes() {
    return ofDecoders.values().stream().distinct().mapToLong(DecoderAdapter::bytes).sum();
  }

  DecoderAdapter of(Decoder decoder) {
    DecoderAdapter adapter = ofDecoders.get(decoder);
    if (adapter == null) {
      throw new IllegalArgumentException("adapter '" + name + "' is of another model");
    }
    return adapter;
  }

  /** Says that no adapter of a name is open, and which are. */
  static IllegalArgumentException unknown(String name, Collection<String> open) {
    return new IllegalArgumentException(
        "no adapter '%s' is open, %s"
            .formatted(name, open.isEmpty() ? "nor any other" : "only " + String.join(", ", open)));
  }

  @Override
  public String toString() {
    return "adapter '" + name + "' (fingerprint " + fingerprint + ")";
  }
}
