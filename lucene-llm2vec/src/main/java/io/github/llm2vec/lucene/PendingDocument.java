/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;

/** A source document that waits for its vectors. */
sealed interface PendingDocument {

  /** Where it came from. */
  SourceDocument source();

  /** The texts to encode, at least one. */
  List<String> texts();

  /**
   * The Lucene documents, to be added as one block.
   *
   * @param vectors one per text, in their order
   */
  List<Document> documents(List<Optional<KnnFloatVectorField>> vectors);

  /** See {@link DocumentShape.Whole}. */
  record Whole(SourceDocument source, IndexFields fields) implements PendingDocument {
    @Override
    public List<String> texts() {
      return List.of(source.encoded(source.text()));
    }

    @Override
    public List<Document> documents(List<Optional<KnnFloatVectorField>> vectors) {
      Document document = words(source, fields);
      vectors.get(0).ifPresent(document::add);
      return List.of(document);
    }
  }

  /** See {@link DocumentShape.Block}. */
  record Block(SourceDocument source, IndexFields fields, List<TextRange> passages)
      implements PendingDocument {
    @Override
    public List<String> texts() {
      return passages.stream().map(range -> source.encoded(range.of(source.text()))).toList();
    }

    @Override
    public List<Document> documents(List<Optional<KnnFloatVectorField>> vectors) {
      List<Document> block = new ArrayList<>(passages.size() + 1);
      for (int i = 0; i < passages.size(); i++) {
        TextRange range = passages.get(i);
        vectors.get(i).ifPresent(vector -> block.add(passage(range, vector)));
      }
      Document document = words(source, fields);
      document.add(new StringField(IndexFields.KIND, IndexFields.DOCUMENT, Field.Store.NO));
      document.add(new StringField(IndexFields.BLOCK, source.id(), Field.Store.NO));
      block.add(document);
      return block;
    }

    private Document passage(TextRange range, KnnFloatVectorField vector) {
      Document passage = new Document();
      passage.add(new StringField(IndexFields.KIND, IndexFields.PASSAGE, Field.Store.NO));
      passage.add(new StringField(IndexFields.BLOCK, source.id(), Field.Store.NO));
      passage.add(new StoredField(IndexFields.PASSAGE_START, range.start()));
      passage.add(new StoredField(IndexFields.PASSAGE_END, range.end()));
      passage.add(vector);
      return passage;
    }
  }

  private static Document words(SourceDocument source, IndexFields fields) {
    Document document = new Document();
    document.add(new StringField(fields.id(), source.id(), Field.Store.YES));
    document.add(new TextField(fields.title(), source.title(), Field.Store.YES));
    document.add(new TextField(fields.text(), source.text(), Field.Store.YES));
    source.fields().forEach(document::add);
    return document;
  }
}
