/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TextTemplateTest {

  private static String render(String source, Map<String, Collection<Object>> fields) {
    return TextTemplate.parse(source, " | ").render(field -> fields.getOrDefault(field, List.of()));
  }

  @Test
  void oneFieldIsTakenToTheLetter() {
    assertEquals(" a {b}\n", render("body", Map.of("body", List.of(" a {b}\n"))));
  }

  @Test
  void fieldsAndLiteralsAreJoined() {
    assertEquals(
        "Title: T\nBody: {B}.",
        render(
            "Title: {title}\\nBody: \\{{body}}.",
            Map.of("title", List.of("T"), "body", List.of("B"))));
  }

  @Test
  void whatBelongsToAMissingFieldIsLeftOut() {
    Map<String, Collection<Object>> body = Map.of("body", List.of("B"));
    assertEquals("B", render("{title}\\n{body}", body));
    assertEquals("B", render("{body}\\n{title}", body));
    assertEquals("B", render("{title}, {body}, {notes}", body));
    assertEquals("Body: B", render("Title: {title}\\nBody: {body}", body));
    assertEquals("", render("Title: {title}\\nNotes: {notes}.", body));
  }

  @Test
  void literalAtTheBeginningStays() {
    assertEquals("> B", render("> {body}", Map.of("body", List.of("B"))));
    assertEquals("B.", render("{body}.", Map.of("body", List.of("B"))));
  }

  @Test
  void severalValuesAreJoinedAndBlankOnesLeftOut() {
    assertEquals("a | 3", render("tags", Map.of("tags", List.of("a", " ", 3))));
    assertEquals("", render("tags", Map.of("tags", List.of(" ", ""))));
  }

  @Test
  void fieldsAreListedOnce() {
    assertEquals(Set.of("a", "b"), TextTemplate.parse("{a} {b} {a}", " ").fields());
    assertEquals(Set.of("body"), TextTemplate.parse(" body ", " ").fields());
  }

  @Test
  void templatesThatCannotBeMeantAreRefused() {
    for (String wrong : List.of("\\{title}", "{title", "{} {b}", " ")) {
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> TextTemplate.parse(wrong, " "), wrong);
      assertTrue(thrown.getMessage().contains("'" + wrong + "'"), thrown.getMessage());
    }
  }
}
