/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.IOException;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.response.transform.DocTransformer;

/** A transformer that wants the document and its number only; here for Solr 9. */
abstract class PerDocumentTransformer extends DocTransformer {

  /** Changes a document of the answer. */
  abstract void show(SolrDocument document, int number) throws IOException;

  // The one method that is abstract in Solr 9.
  @SuppressWarnings("deprecation")
  @Override
  public final void transform(SolrDocument document, int number) throws IOException {
    show(document, number);
  }
}
