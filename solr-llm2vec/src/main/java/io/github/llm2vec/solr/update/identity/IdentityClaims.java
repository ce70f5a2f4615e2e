/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.identity;

import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.CollectionIdentity;
import io.github.llm2vec.solr.schema.CoreIdentities;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.schema.IndexIdentities;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.lucene.index.DirectoryReader;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.SolrInputField;
import org.apache.solr.core.SolrCore;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.update.MergeIndexesCommand;

/**
 * Claims of one update request on the models whose vectors it brings. Each is claimed before its
 * first document goes on: the core and, in SolrCloud, the collection must have no vectors of
 * another one, and no other request may bring such until this one has ended. Not thread-safe.
 */
public final class IdentityClaims implements AutoCloseable {

  private record Claim(String field, FieldIdentity identity) {}

  private final SolrQueryRequest request;
  private final SolrCore core;
  private final CoreIdentities identities;
  private final Set<Claim> claims = new LinkedHashSet<>();

  /** The claims of a request; none yet. */
  public IdentityClaims(SolrQueryRequest request) {
    this.request = request;
    this.core = request.getCore();
    this.identities = CoreIdentities.of(core);
  }

  /**
   * Claims a model for vectors that this node encodes, again for each batch: it may have been
   * changed meanwhile.
   *
   * @param place where they are encoded, for messages
   * @param changing whether vectors of other models may be there
   * @throws SolrException 409 if there are vectors of another model, 503 if that cannot be found
   *     out
   */
  public void claim(String field, FieldIdentity identity, String place, boolean changing) {
    claim(new Claim(field, identity), changing, place);
  }

  private void claim(Claim claim, boolean changing, String node) {
    String field = claim.field;
    FieldIdentity identity = claim.identity;
    Optional<CollectionIdentity> collection = CollectionIdentity.of(core, field);
    if (changing || request.getParams().getBool(IndexIdentities.ALLOW_PARAMETER, false)) {
      note(claim, node);
      collection.ifPresent(common -> common.changeTo(identity, node));
      return;
    }
    if (collection.isEmpty()) {
      enter(claim, node);
      return;
    }
    // Whoever wants another model for the collection writes that first and then looks for claims:
    // either it finds this one, or this one finds what it wrote.
    while (!(claims.contains(claim) && collection.get().is(identity))) {
      collection.get().agreeOn(identity, node, request.getParams());
      enter(claim, node);
      if (!collection.get().is(identity)) {
        leave(claim);
        claims.remove(claim);
      }
    }
  }

  private void enter(Claim claim, String node) {
    if (!claims.contains(claim)) {
      identities.enter(core, claim.field, claim.identity, node);
      claims.add(claim);
    }
  }

  /** Claims what a document itself says, unless that has been claimed for this request. */
  public void claimWritten(String field, FieldIdentity identity, boolean changing) {
    if (!claims.contains(new Claim(field, identity))) {
      claim(field, identity, CoreIdentities.nodeName(core), changing);
    }
  }

  /**
   * Claims, on a leader, what documents bring that were sent on by another node. Where the
   * collection has agreed upon their model, that node has found out whether it may be.
   *
   * @param node that sent them on
   * @throws SolrException as {@link #claim} does
   */
  public void claimForwarded(String field, FieldIdentity identity, String node, boolean changing) {
    Claim claim = new Claim(field, identity);
    if (claims.contains(claim)) {
      return;
    }
    Optional<CollectionIdentity> collection = CollectionIdentity.of(core, field);
    if (changing || collection.filter(common -> common.is(identity)).isPresent()) {
      note(claim, node);
      return;
    }
    claim(claim, false, node);
  }

  /** Notes what a leader has decided, for the day on which this replica is the leader. */
  public void note(String field, FieldIdentity identity) {
    Claim claim = new Claim(field, identity);
    note(claim, "");
    // Nothing waits for it: the next leader looks at what the index has.
    leave(claim);
    claims.remove(claim);
  }

  private void leave(Claim claim) {
    identities.leave(claim.field, claim.identity);
  }

  private void note(Claim claim, String node) {
    if (claims.add(claim)) {
      identities.enterUnchecked(claim.field, claim.identity, node);
    }
  }

  /** What a document, its nested documents included, says of what made its vectors. */
  public static Set<FieldIdentity> of(SolrInputDocument document, AuxiliaryFields auxiliary) {
    Set<FieldIdentity> found = new LinkedHashSet<>();
    auxiliary.identity().ifPresent(name -> collect(document, name, found));
    return found;
  }

  private static void collect(SolrInputDocument document, String name, Set<FieldIdentity> found) {
    for (SolrInputField each : document) {
      if (each.getName().equals(name)) {
        terms(each.getValue(), found);
      } else {
        nested(each.getValue(), name, found);
      }
    }
    if (document.hasChildDocuments()) {
      document.getChildDocuments().forEach(child -> collect(child, name, found));
    }
  }

  /** A value, several, or the operations of an atomic update. */
  private static void terms(Object value, Set<FieldIdentity> found) {
    if (value instanceof CharSequence term) {
      FieldIdentity.ofTerm(term.toString()).ifPresent(found::add);
    } else if (value instanceof Collection<?> values) {
      values.forEach(each -> terms(each, found));
    } else if (value instanceof Map<?, ?> operations && !(value instanceof SolrInputDocument)) {
      operations.values().forEach(each -> terms(each, found));
    }
  }

  private static void nested(Object value, String name, Set<FieldIdentity> found) {
    if (value instanceof SolrInputDocument document) {
      collect(document, name, found);
    } else if (value instanceof Collection<?> values) {
      // Vectors are collections too, and long: their first number tells that nothing is nested.
      for (Object each : values) {
        if (each instanceof Number) {
          return;
        }
        nested(each, name, found);
      }
    } else if (value instanceof Map<?, ?> operations) {
      operations.values().forEach(each -> nested(each, name, found));
    }
  }

  /**
   * Claims what the documents of other indexes bring that are merged into this one.
   *
   * @throws SolrException as {@link #claim} does
   */
  public void claimMerged(MergeIndexesCommand command, AuxiliaryFields auxiliary, boolean changing)
      throws IOException {
    for (DirectoryReader reader : command.readers) {
      for (FieldIdentity identity :
          IndexIdentities.of(reader, request.getSchema(), auxiliary.vectorField()).found()) {
        claim(auxiliary.vectorField(), identity, CoreIdentities.nodeName(core), changing);
      }
    }
  }

  /** Ends the claims: what they were for is in the index now, or will never be. */
  @Override
  public void close() {
    claims.forEach(this::leave);
    claims.clear();
  }
}
