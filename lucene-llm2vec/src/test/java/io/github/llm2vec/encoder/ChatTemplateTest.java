/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ChatTemplateTest {

  @Test
  void followsFromTheExactNameOnly() {
    assertEquals("llama3", ChatTemplates.ofModel("meta-llama/Meta-Llama-3-8B-Instruct").name());
    assertEquals("mistral", ChatTemplates.ofModel("mistralai/Mistral-7B-Instruct-v0.2").name());
    assertEquals("llama2", ChatTemplates.ofModel("meta-llama/Llama-2-7b-chat-hf").name());
    assertEquals("qwen2", ChatTemplates.ofModel("Qwen/Qwen2-7B-Instruct").name());
    assertEquals("none", ChatTemplates.ofModel("meta-llama/Meta-Llama-3.1-8B-Instruct").name());
    assertEquals("none", ChatTemplates.ofModel("princeton-nlp/Sheared-LLaMA-1.3B").name());
    assertEquals("none", ChatTemplates.ofModel("").name());
  }

  @Test
  void namesTheKnownTemplates() {
    Exception error =
        assertThrows(IllegalArgumentException.class, () -> ChatTemplates.named("llama4"));
    assertEquals(
        "template must be one of none, llama3, mistral, llama2, gemma2, qwen2, e5,"
            + " qwen3-embedding, nemotron, embedding-gemma, got 'llama4'",
        error.getMessage());
  }

  @Test
  void writesQueriesOfNewerEmbedders() {
    assertEquals("Instruct: Find it\nQuery: ", before("e5", Prompt.query("Find it")));
    assertEquals("Instruct: Find it\nQuery:", before("qwen3-embedding", Prompt.query("Find it")));
    assertEquals("", before("e5", Prompt.document()));
    assertEquals("title: none | text: ", before("embedding-gemma", Prompt.document()));
  }

  @Test
  void takesTheModelsOwnInstructionForQueriesWithoutOne() {
    assertEquals("task: search result | query: ", before("embedding-gemma", Prompt.query()));
    assertEquals("", before("e5", Prompt.query()));
    assertEquals("", before("none", Prompt.query()));
  }

  @Test
  void refusesAnInstructionThatWouldBeLost() {
    ChatTemplate template = ChatTemplates.named("e5");
    Exception error =
        assertThrows(
            IllegalArgumentException.class, () -> template.frame(Prompt.document("Find it")));
    assertTrue(error.getMessage().contains("encode the text as a query"), error.getMessage());
  }

  @Test
  void leavesBracesOfInstructionsAlone() {
    ChatTemplate template = ChatTemplates.NONE;
    assertEquals("a {text} {b} ", template.frame(Prompt.query("a {text} {b}")).before());
  }

  @Test
  void refusesPatternsThatCannotBeMeant() {
    assertEquals(
        "the query pattern of template own may use {text} and {instruction}, got {query}",
        errorOf("{instruction}: {query}", "{text}"));
    assertEquals(
        "the document pattern of template own must hold {text} exactly once, got 'no text'",
        errorOf("{text}", "no text"));
    assertTrue(errorOf("{text}{text}", "{text}").contains("exactly once"));
    assertTrue(errorOf("{text} {instruction}", "{text}").contains("before {text}"));
  }

  @Test
  void acceptsAnOwnTemplate() {
    ChatTemplate own = new ChatTemplate("own", "<", ">", "q({instruction}): {text}!", "{text}", "");
    ChatTemplate.Frame frame = own.frame(Prompt.query(" do \n"));
    assertEquals("q(do): ", frame.before());
    assertEquals("!", frame.after());
    assertTrue(own.isFramed());
  }

  private static String before(String template, Prompt prompt) {
    return ChatTemplates.named(template).frame(prompt).before();
  }

  private static String errorOf(String query, String document) {
    return assertThrows(
            IllegalArgumentException.class,
            () -> new ChatTemplate("own", "", "", query, document, ""))
        .getMessage();
  }
}
