/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.files.OptionNames;
import java.util.List;
import java.util.Map;

/** The table of input templates by model family. */
public final class ChatTemplates {

  private static final String LLM2VEC = "{instruction} {text}";
  private static final String PLAIN = "{text}";
  private static final String INSTRUCT = "Instruct: {instruction}\nQuery: {text}";
  private static final String WEB_SEARCH =
      "Given a web search query, retrieve relevant passages that answer the query";

  /** LLM2Vec's marking and nothing around it; for base models and Sheared-LLaMA. */
  public static final ChatTemplate NONE = llm2vec("none", "", "");

  private static final List<ChatTemplate> ALL =
      List.of(
          NONE,
          llm2vec("llama3", "<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
          llm2vec("mistral", "[INST] ", " [/INST]"),
          llm2vec("llama2", "[INST] ", " [/INST]"),
          llm2vec("gemma2", "<bos><start_of_turn>user\n", "<end_of_turn>"),
          llm2vec("qwen2", "<|im_start|>user\n", "<|im_end|>"),
          // E5-Mistral, SFR-Embedding, Linq-Embed, gte-Qwen2.
          new ChatTemplate("e5", "", "", INSTRUCT, PLAIN, ""),
          // No space after "Query:", as its prompts have it.
          new ChatTemplate(
              "qwen3-embedding",
              "",
              "",
              "Instruct: {instruction}\nQuery:{text}",
              PLAIN,
              WEB_SEARCH),
          // llama-embed-nemotron-8b.
          new ChatTemplate("nemotron", "", "", INSTRUCT, PLAIN, ""),
          new ChatTemplate(
              "embedding-gemma",
              "",
              "",
              "task: {instruction} | query: {text}",
              "title: none | text: {text}",
              "search result"));

  /** Upstream's list: nothing else gets a template there, not even a copy under another name. */
  private static final Map<String, String> BY_MODEL =
      Map.of(
          "meta-llama/Meta-Llama-3-8B-Instruct", "llama3",
          "mistralai/Mistral-7B-Instruct-v0.2", "mistral",
          "meta-llama/Llama-2-7b-chat-hf", "llama2",
          "google/gemma-2-9b-it", "gemma2",
          "Qwen/Qwen2-1.5B-Instruct", "qwen2",
          "Qwen/Qwen2-7B-Instruct", "qwen2");

  private ChatTemplates() {}

  /**
   * Finds a template by the name that options use.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   */
  public static ChatTemplate named(String name) {
    return OptionNames.find("template", ALL.toArray(ChatTemplate[]::new), ChatTemplate::name, name);
  }

  /**
   * The template that upstream uses for a model, {@link #NONE} for all it does not list.
   *
   * @param nameOrPath {@code _name_or_path} of the model, compared exactly
   */
  public static ChatTemplate ofModel(String nameOrPath) {
    return named(BY_MODEL.getOrDefault(nameOrPath, NONE.name()));
  }

  private static ChatTemplate llm2vec(String name, String head, String tail) {
    return new ChatTemplate(name, head, tail, LLM2VEC, LLM2VEC, "");
  }
}
