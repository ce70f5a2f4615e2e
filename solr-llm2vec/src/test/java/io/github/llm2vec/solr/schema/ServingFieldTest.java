/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.solr.common.SolrException;
import org.junit.jupiter.api.Test;

class ServingFieldTest {

  @Test
  void propertyIsReadAsItIsWrittenAndByHand() {
    ServingField all = new ServingField("vector2", "new", "legal", "Find \"it\"", 256, true);
    assertEquals(all, ServingField.of(all.toProperty()));
    assertEquals(
        new ServingField("vector2", "new", "", "", 0, false),
        ServingField.of("{\"field\":\"vector2\",\"model\":\"new\"}"));
  }

  @Test
  void propertyThatNamesNoFieldOrModelIsAnErrorThatShowsIt() {
    for (String wrong : new String[] {"", "vector2", "{\"field\":\"vector2\"}", "[1]", "{"}) {
      SolrException thrown = assertThrows(SolrException.class, () -> ServingField.of(wrong));
      assertEquals(500, thrown.code());
      assertTrue(
          thrown.getMessage().startsWith("the collection property llm2vec.serves.FIELD must be")
              && thrown.getMessage().endsWith("found " + wrong),
          thrown.getMessage());
    }
  }
}
