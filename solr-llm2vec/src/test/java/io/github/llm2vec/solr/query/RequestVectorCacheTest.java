/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.schema.CoreIdentities.QueryIdentity;
import java.util.Optional;
import java.util.Set;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.request.SolrQueryRequestBase;
import org.junit.jupiter.api.Test;

class RequestVectorCacheTest {

  @Test
  void vectorArrivesBitForBit() {
    float[] vector = {0f, -0f, Float.MIN_VALUE, Float.MAX_VALUE, 0.1f, -1f / 3};
    try (SolrQueryRequest request = new SolrQueryRequestBase(null, new ModifiableSolrParams()) {}) {
      Optional<QueryIdentity> identity =
          Optional.of(new QueryIdentity("a \"model\"", "f1", "t1", "f2", "node:1_solr"));
      RequestVectorCache.keep(
          request, "llm2vec.vector.k", new RequestVectorCache.Encoded(vector, identity));
      ModifiableSolrParams shard = new ModifiableSolrParams();
      RequestVectorCache.send(request, shard);
      RequestVectorCache.Encoded received =
          RequestVectorCache.received(shard, "llm2vec.vector.k").orElseThrow();
      assertArrayEquals(vector, received.values());
      assertEquals(identity, received.identity());
      assertEquals(Optional.empty(), RequestVectorCache.received(shard, "llm2vec.vector.other"));
    }
  }

  @Test
  void everyPartOfAQueryNamesItsVector() {
    assertEquals(
        5,
        Set.of(
                RequestVectorCache.key("model", Prompt.query(), "text"),
                RequestVectorCache.key("other", Prompt.query(), "text"),
                RequestVectorCache.key("model", Prompt.query("Find:"), "text"),
                RequestVectorCache.key("model", Prompt.query(), "Find:text"),
                RequestVectorCache.key("modelt", Prompt.query(), "ext"))
            .size());
  }

  @Test
  void whatIsNoVectorIsRefused() {
    for (String wrong : new String[] {"%%%", "AAAA"}) {
      SolrException thrown =
          assertThrows(
              SolrException.class,
              () -> RequestVectorCache.received(new ModifiableSolrParams().set("k", wrong), "k"));
      assertEquals(400, thrown.code());
      assertTrue(thrown.getMessage().contains("holds no vector"), thrown.getMessage());
    }
  }
}
