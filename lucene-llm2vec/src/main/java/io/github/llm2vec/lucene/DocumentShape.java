/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.List;
import org.apache.lucene.index.Term;

/** Conversion of source documents into Lucene documents, whole or as blocks of passages. */
sealed interface DocumentShape {

  /** Cuts a document into the texts that need a vector. */
  PendingDocument prepare(SourceDocument source);

  /** The term that finds all Lucene documents of an id. */
  Term term(String id);

  /** One Lucene document with one vector. */
  record Whole(IndexFields fields) implements DocumentShape {
    @Override
    public PendingDocument prepare(SourceDocument source) {
      return new PendingDocument.Whole(source, fields);
    }

    @Override
    public Term term(String id) {
      return new Term(fields.id(), id);
    }
  }

  /** A Lucene document with a vector per passage, followed by one with the words. */
  record Block(IndexFields fields, PassageSplitter splitter) implements DocumentShape {
    @Override
    public PendingDocument prepare(SourceDocument source) {
      List<TextRange> passages = splitter.split(source.text());
      // The empty passage of a document without text stands for its title.
      return new PendingDocument.Block(
          source, fields, passages.isEmpty() ? List.of(new TextRange(0, 0)) : passages);
    }

    @Override
    public Term term(String id) {
      return new Term(IndexFields.BLOCK, id);
    }
  }
}
