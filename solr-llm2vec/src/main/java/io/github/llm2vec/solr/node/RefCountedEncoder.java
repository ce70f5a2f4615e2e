/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An open encoder with a count of the calls that use it. It is closed when it is retired and nobody
 * uses it any more, so that a text that was let in gets its vector. Owns the encoder. Thread-safe.
 */
final class RefCountedEncoder {

  private final ModelDeclaration declaration;
  private final EncoderService encoder;
  private final Consumer<RefCountedEncoder> closing;

  // All guarded by this.
  private int users;
  private boolean retired;
  private boolean closed;

  /**
   * Takes an encoder over.
   *
   * @param closing told just before the encoder is closed, for counting
   */
  RefCountedEncoder(
      ModelDeclaration declaration, EncoderService encoder, Consumer<RefCountedEncoder> closing) {
    this.declaration = declaration;
    this.encoder = encoder;
    this.closing = closing;
  }

  ModelDeclaration declaration() {
    return declaration;
  }

  /** To be called between {@link #enter} and {@link #exit}. */
  EncoderService service() {
    return encoder;
  }

  int dimensions() {
    return encoder.dimensions();
  }

  String fingerprint() {
    return encoder.fingerprint();
  }

  /** Fingerprint and width, without the declaration. */
  VectorIdentity vectorIdentity() {
    return new VectorIdentity(encoder.fingerprint(), encoder.dimensions());
  }

  /** What shapes its vectors. */
  EncoderIdentity identity() {
    return new EncoderIdentity(
        declaration,
        encoder.fingerprint(),
        encoder.dimensions(),
        facts().dtype(),
        facts().tokenizer());
  }

  /** The tokens of a text, if the encoder tells; to be called between {@link #enter} and exit. */
  Optional<TokenSpans> tokenSpans(String text) {
    return encoder.tokenSpans(text);
  }

  /** What it runs on. */
  ModelFacts facts() {
    return encoder.facts();
  }

  /** Begins a use; false if the encoder is on its way out. */
  synchronized boolean enter() {
    if (retired) {
      return false;
    }
    users++;
    return true;
  }

  /** Ends a use. */
  void exit() {
    boolean last;
    synchronized (this) {
      users--;
      last = retired && users == 0;
    }
    if (last) {
      close();
    }
  }

  /** Lets no further use begin, and closes the encoder when the last one has ended. */
  void retire() {
    boolean unused;
    synchronized (this) {
      retired = true;
      unused = users == 0;
    }
    if (unused) {
      close();
    }
  }

  /** Closes the encoder; whoever uses it is told so by the encoder. */
  void close() {
    synchronized (this) {
      retired = true;
      if (closed) {
        return;
      }
      closed = true;
    }
    closing.accept(this);
    encoder.close();
  }
}
