/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.io.IOException;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.response.transform.DocTransformer;
import org.apache.solr.search.DocIterationInfo;

/** A transformer that wants the document and its number only; here for Solr 10. */
abstract class PerDocumentTransformer extends DocTransformer {

  /** Changes a document of the answer. */
  abstract void show(SolrDocument document, int number) throws IOException;

  @Override
  public final void transform(SolrDocument document, int number, DocIterationInfo info)
      throws IOException {
    show(document, number);
  }
}
