/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Weight;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.QueryBitSetProducer;
import org.apache.lucene.util.BitSet;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/**
 * The mapping from passages to their documents in an index whose blocks carry an id: a passage
 * belongs to the next document behind it only if both have the same id. Lucene's block join goes by
 * places alone. Where a document was deleted without its passages, these would count for whatever
 * document a merge puts behind them; here they are orphans, which {@link #owned} leaves out.
 *
 * <p>As a {@link BitSetProducer} it gives the last document of every block: the documents, and the
 * last of every run of orphans. What it finds out about a segment is kept as long as that is open.
 * Thread-safe.
 */
public final class PassageBlocks implements BitSetProducer {

  private final Query documents;
  private final String idField;
  private final QueryBitSetProducer mask;
  private final Map<IndexReader.CacheKey, FixedBitSet> ends = new ConcurrentHashMap<>();

  /** Empty where no live passage is an orphan. */
  private final Map<IndexReader.CacheKey, Optional<FixedBitSet>> owned = new ConcurrentHashMap<>();

  /**
   * @param documents matches all documents and no passage
   * @param idField indexed without analysis: the id of the block, the same in a document and all
   *     its passages
   */
  public PassageBlocks(Query documents, String idField) {
    this.documents = Objects.requireNonNull(documents, "documents");
    this.idField = Objects.requireNonNull(idField, "idField");
    this.mask = new QueryBitSetProducer(documents);
  }

  /** The last document of every block of a segment; null if it has no document at all. */
  @Override
  public @Nullable BitSet getBitSet(LeafReaderContext context) throws IOException {
    BitSet marked = mask.getBitSet(context);
    return marked == null ? null : ends(context, marked);
  }

  /** Whether it is a document of which passages can be the parts. */
  public boolean isDocument(LeafReaderContext context, int inLeaf) throws IOException {
    BitSet marked = mask.getBitSet(context);
    return marked != null && marked.get(inLeaf);
  }

  /** Matches the passages of live documents; all of the index if it has no orphans. */
  public Query owned() {
    return new Owned(this);
  }

  private FixedBitSet ends(LeafReaderContext context, BitSet marked) throws IOException {
    IndexReader.CacheHelper helper = context.reader().getCoreCacheHelper();
    FixedBitSet known = helper == null ? null : ends.get(helper.getKey());
    if (known != null) {
      return known;
    }
    FixedBitSet found = endsOfRuns(context.reader());
    found.or(new BitSetIterator(marked, 0));
    if (helper != null && ends.putIfAbsent(helper.getKey(), found) == null) {
      helper.addClosedListener(ends::remove);
    }
    return found;
  }

  /** The last of all neighbours that have one id. */
  private FixedBitSet endsOfRuns(LeafReader reader) throws IOException {
    FixedBitSet found = new FixedBitSet(reader.maxDoc());
    Terms terms = reader.terms(idField);
    if (terms == null) {
      return found;
    }
    TermsEnum each = terms.iterator();
    PostingsEnum docs = null;
    for (BytesRef id = each.next(); id != null; id = each.next()) {
      docs = each.postings(docs, PostingsEnum.NONE);
      int last = docs.nextDoc();
      for (int doc = docs.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = docs.nextDoc()) {
        if (doc != last + 1) {
          found.set(last);
        }
        last = doc;
      }
      found.set(last);
    }
    return found;
  }

  private Optional<FixedBitSet> owned(LeafReaderContext context) throws IOException {
    IndexReader.CacheHelper helper = context.reader().getReaderCacheHelper();
    Optional<FixedBitSet> known = helper == null ? null : owned.get(helper.getKey());
    if (known != null) {
      return known;
    }
    Optional<FixedBitSet> found = ownedIn(context);
    if (helper != null && owned.putIfAbsent(helper.getKey(), found) == null) {
      helper.addClosedListener(owned::remove);
    }
    return found;
  }

  private Optional<FixedBitSet> ownedIn(LeafReaderContext context) throws IOException {
    Bits live = context.reader().getLiveDocs();
    FixedBitSet found = new FixedBitSet(context.reader().maxDoc());
    BitSet marked = mask.getBitSet(context);
    if (marked == null) {
      return Optional.of(found);
    }
    BitSet last = ends(context, marked);
    boolean orphans = false;
    int first = 0;
    while (first < found.length()) {
      int end = last.nextSetBit(first);
      int document = Math.min(end, found.length());
      if (end < found.length() && marked.get(end) && (live == null || live.get(end))) {
        found.set(first, document);
      } else {
        // With the last of a run of orphans, which ends the run and is one of them.
        int behind = end < found.length() && !marked.get(end) ? end + 1 : document;
        for (int doc = first; doc < behind && !orphans; doc++) {
          orphans = live == null || live.get(doc);
        }
      }
      first = document + 1;
    }
    return orphans ? Optional.of(found) : Optional.empty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PassageBlocks that
        && documents.equals(that.documents)
        && idField.equals(that.idField);
  }

  @Override
  public int hashCode() {
    return Objects.hash(documents, idField);
  }

  @Override
  public String toString() {
    return "PassageBlocks(" + documents + " by " + idField + ")";
  }

  /** See {@link PassageBlocks#owned()}. */
  private static final class Owned extends Query {

    private final PassageBlocks blocks;

    Owned(PassageBlocks blocks) {
      this.blocks = blocks;
    }

    @Override
    public Query rewrite(IndexSearcher searcher) throws IOException {
      for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
        if (blocks.owned(leaf).isPresent()) {
          return this;
        }
      }
      return new MatchAllDocsQuery();
    }

    @Override
    public Weight createWeight(IndexSearcher searcher, ScoreMode scoreMode, float boost) {
      return new LuceneShim.FilterWeight(this, boost) {
        @Override
        DocIdSetIterator documents(LeafReaderContext context) throws IOException {
          Optional<FixedBitSet> owned = blocks.owned(context);
          return owned.isEmpty()
              ? DocIdSetIterator.all(context.reader().maxDoc())
              : new BitSetIterator(owned.get(), owned.get().approximateCardinality());
        }

        @Override
        public boolean isCacheable(LeafReaderContext context) {
          // Depends on deletions, which the cache of queries does not look at.
          return false;
        }
      };
    }

    @Override
    public void visit(QueryVisitor visitor) {
      visitor.visitLeaf(this);
    }

    @Override
    public String toString(String field) {
      return "Owned:" + blocks;
    }

    @Override
    public boolean equals(Object other) {
      return sameClassAs(other) && blocks.equals(((Owned) other).blocks);
    }

    @Override
    public int hashCode() {
      return 31 * classHash() + blocks.hashCode();
    }
  }
}
