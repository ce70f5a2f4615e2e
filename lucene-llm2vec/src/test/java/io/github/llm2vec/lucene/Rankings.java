/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TotalHits;

/** Rankings to fuse. */
final class Rankings {

  private Rankings() {}

  /** Documents, best first, whose scores fall by one. */
  static TopDocs ranking(int... docs) {
    return topDocs(
        IntStream.range(0, docs.length)
            .mapToObj(i -> new ScoreDoc(docs[i], docs.length - i))
            .toArray(ScoreDoc[]::new));
  }

  static TopDocs topDocs(ScoreDoc... hits) {
    return new TopDocs(new TotalHits(hits.length, TotalHits.Relation.EQUAL_TO), hits);
  }

  static List<Integer> docs(List<FusedHit> hits) {
    return hits.stream().map(FusedHit::doc).toList();
  }
}
