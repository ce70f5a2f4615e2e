/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.identity;

import java.io.IOException;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.update.processor.UpdateRequestProcessor;

/** An update processor with claims, which end with its request, however that ends. */
public abstract class ClaimingUpdateProcessor extends UpdateRequestProcessor {

  /** What the request claims. */
  protected final IdentityClaims claims;

  /** A processor for one request. */
  protected ClaimingUpdateProcessor(SolrQueryRequest request, UpdateRequestProcessor next) {
    super(next);
    this.claims = new IdentityClaims(request);
  }

  @Override
  public void finish() throws IOException {
    try {
      super.finish();
    } finally {
      claims.close();
    }
  }

  @Override
  protected void doClose() {
    claims.close();
    super.doClose();
  }
}
