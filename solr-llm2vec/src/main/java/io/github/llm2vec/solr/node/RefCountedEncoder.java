/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.solr.common.SolrException;

/**
 * An open encoder with a count of the calls that use it. It is closed when it is retired and nobody
 * uses it any more, so that a text that was let in gets its vector. Owns the encoder. Thread-safe.
 */
final class RefCountedEncoder {

  private final ModelDeclaration declaration;
  private final ModelEncoder encoder;
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
      ModelDeclaration declaration, ModelEncoder encoder, Consumer<RefCountedEncoder> closing) {
    this.declaration = declaration;
    this.encoder = encoder;
    this.closing = closing;
  }

  /** By which it was opened or, of a model on other nodes, what they say of it. */
  ModelDeclaration declaration() {
    return encoder.identity().map(EncoderIdentity::declaration).orElse(declaration);
  }

  /** To encode with between {@link #enter} and {@link #exit}. */
  ModelEncoder encoder() {
    return encoder;
  }

  /** Fingerprint and width, without the declaration, if they are known. */
  Optional<VectorIdentity> vectorIdentity() {
    return encoder
        .identity()
        .map(identity -> new VectorIdentity(identity.fingerprint(), identity.dimensions()));
  }

  /**
   * What shapes its vectors.
   *
   * @throws SolrException 503 if no node was found that has the model
   */
  EncoderIdentity identity() {
    return encoder
        .identity()
        .orElseThrow(
            () ->
                ServingErrors.retry(
                    SolrErrors.unavailable(
                        "model '" + declaration.name() + "': " + encoder.problem()),
                    ModelLoad.RETRY_AFTER));
  }

  /**
   * The same with an adapter that is open beside the model, or with none if its name is "".
   *
   * @throws SolrException 400 if none of that name is open, naming those that are
   */
  EncoderIdentity identity(String adapter) {
    EncoderIdentity identity = identity();
    Set<String> open = identity.model().adapters().keySet();
    if (adapter.isEmpty() || open.contains(adapter)) {
      return identity.with(adapter);
    }
    throw SolrErrors.badRequest(
        "model '%s' has no adapter '%s' on %s%s"
            .formatted(
                declaration.name(),
                adapter,
                identity.nodes().isEmpty() ? "this node" : identity.nodes(),
                open.isEmpty()
                    ? ", nor any other"
                    : ", only " + String.join(", ", new TreeSet<>(open))));
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
