/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.util.BitSet;
import org.apache.lucene.util.Bits;

/**
 * Tells which passage of a document is nearest to a vector: the one by which {@link
 * Llm2VecQueries#documentsByPassages} found it. Thread-safe.
 */
public final class BestPassage {

  private final KnnSpec target;
  private final BitSetProducer documents;

  /**
   * @param field the vectors of the passages
   * @param vector {@code [dimensions]} of the field
   * @param documents tells documents from their passages
   */
  public BestPassage(String field, float[] vector, BitSetProducer documents) {
    this.target = new KnnSpec(field, vector.clone(), new MatchAllDocsQuery());
    this.documents = documents;
  }

  /**
   * Compares the passages of a document from their full floats.
   *
   * @param reader the reader that numbered the document
   * @param document number of a document
   * @return the best passage with its score; empty if no passage of the document has a vector
   */
  public Optional<ScoreDoc> of(IndexReader reader, int document) throws IOException {
    List<LeafReaderContext> leaves = reader.leaves();
    LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(document, leaves));
    BitSet parents = documents.getBitSet(leaf);
    int inLeaf = document - leaf.docBase;
    if (parents == null || !parents.get(inLeaf)) {
      return Optional.empty();
    }
    int before = inLeaf == 0 ? -1 : parents.prevSetBit(inLeaf - 1);
    Bits live = leaf.reader().getLiveDocs();
    int[] passages =
        IntStream.range(before + 1, inLeaf)
            .filter(passage -> live == null || live.get(passage))
            .map(passage -> leaf.docBase + passage)
            .toArray();
    ScoreDoc[] scored = ExactRescorer.score(reader, target, passages);
    return scored.length == 0 ? Optional.empty() : Optional.of(scored[0]);
  }
}
