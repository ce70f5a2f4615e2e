/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.search;

import io.github.llm2vec.cli.text.TextReader.TextRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;

/** The ids of an index with a hash of title and text for each. */
record IndexedTexts(DirectoryReader index, String idField) {

  static final String HASH_FIELD = "_hash_";

  /** A hash by which a changed text is told from the one that was indexed. */
  static long hash(TextRecord text) {
    CRC32C hash = new CRC32C();
    hash.update(text.title().getBytes(StandardCharsets.UTF_8));
    hash.update(0);
    hash.update(text.text().getBytes(StandardCharsets.UTF_8));
    return hash.getValue() << 31 ^ text.text().length();
  }

  /** Whether the index holds a document of this id with this hash. */
  boolean contains(String id, long hash) throws IOException {
    Term term = new Term(idField, id);
    for (LeafReaderContext leaf : index.leaves()) {
      if (contains(leaf.reader(), term, hash)) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(LeafReader segment, Term term, long hash) throws IOException {
    PostingsEnum documents = segment.postings(term, PostingsEnum.NONE);
    NumericDocValues hashes = segment.getNumericDocValues(HASH_FIELD);
    if (documents == null || hashes == null) {
      return false;
    }
    Bits live = segment.getLiveDocs();
    for (int doc = documents.nextDoc();
        doc != DocIdSetIterator.NO_MORE_DOCS;
        doc = documents.nextDoc()) {
      boolean deleted = live != null && !live.get(doc);
      if (!deleted && hashes.advanceExact(doc) && hashes.longValue() == hash) {
        return true;
      }
    }
    return false;
  }
}
