/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.tokenizer.PythonText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A line of contrastive training data in one of its usual forms:
 *
 * <ul>
 *   <li>{@code {"query": "...", "positive": "...", "negative": "..."}}, the negative optional
 *   <li>{@code {"query": "...", "pos": ["...", ...], "neg": ["...", ...]}}, with an optional {@code
 *       "prompt"}, as FlagEmbedding has it
 *   <li>{@code {"anchor": "...", "positive": "...", "negative": "..."}}, as Sentence Transformers
 *       has it
 *   <li>{@code {"query": "...", "positive_passages": [{"docid": "...", "title": "...", "text":
 *       "..."}], "negative_passages": [...]}}, as Tevatron has it, which puts a title before its
 *       text
 * </ul>
 *
 * Other keys are left alone; collections carry data of their own.
 *
 * @param query the query
 * @param positives at least one
 * @param negatives none, if the data has none
 * @param prompt the instruction that the line itself brings
 */
public record ExampleLine(
    String query, List<String> positives, List<String> negatives, Optional<String> prompt) {

  private static final String FORM =
      "; a line must look like {\"query\": \"...\", \"positive\": \"...\", \"negative\": \"...\"} or"
          + " {\"query\": \"...\", \"pos\": [\"...\"], \"neg\": [\"...\"]}";

  /** Copies the lists. */
  public ExampleLine {
    positives = List.copyOf(positives);
    negatives = List.copyOf(negatives);
  }

  /**
   * Understands a line.
   *
   * @throws DataFormatException if it has none of the forms
   */
  static ExampleLine parse(String json, String source, long line) throws IOException {
    ObjectNode object = JsonRecords.parse(json, source, line);
    Where where = new Where(source, line);
    List<String> queries = where.texts(object, "query", "anchor");
    List<String> positives = where.texts(object, "positive", "pos", "positive_passages");
    List<String> negatives = where.texts(object, "negative", "neg", "negative_passages");
    List<String> prompts = where.texts(object, "prompt", "instruction");
    if (queries.size() != 1) {
      throw where.problem("expected one \"query\", found " + queries.size());
    }
    if (positives.isEmpty()) {
      throw where.problem("there is no \"positive\"");
    }
    String query =
        object.has("positive_passages") ? PythonText.strip(queries.get(0)) : queries.get(0);
    return new ExampleLine(query, positives, negatives, prompts.stream().findFirst());
  }

  /** Where a line stands, for messages. */
  private record Where(String source, long line) {

    DataFormatException problem(String problem) {
      return new DataFormatException(source, line, problem + FORM);
    }

    /** The texts under the first of the keys that is there; a single text counts as a list. */
    List<String> texts(ObjectNode object, String... keys) throws DataFormatException {
      String key = Stream.of(keys).filter(object::has).findFirst().orElse(keys[0]);
      JsonNode value = object.path(key);
      if (value.isMissingNode() || value.isNull()) {
        return List.of();
      }
      if (value.isTextual()) {
        return List.of(value.textValue());
      }
      List<String> texts = new ArrayList<>();
      for (JsonNode item : value) {
        if (key.endsWith("_passages")) {
          texts.add(passage(key, item));
        } else if (item.isTextual()) {
          texts.add(item.textValue());
        } else {
          throw problem("\"" + key + "\" holds something that is not a text");
        }
      }
      if (!value.isArray()) {
        throw problem("\"" + key + "\" is neither a text nor a list of texts");
      }
      return texts;
    }

    /** A passage's title and text, joined and stripped as Tevatron does it. */
    private String passage(String key, JsonNode passage) throws DataFormatException {
      JsonNode title = passage.path("title");
      JsonNode text = passage.path("text");
      boolean untitled = title.isMissingNode() || title.isNull();
      if (!text.isTextual() || !(untitled || title.isTextual())) {
        throw problem("\"" + key + "\" must hold objects with a \"text\" and perhaps a \"title\"");
      }
      return PythonText.strip(
          PythonText.strip(title.asText("")) + " " + PythonText.strip(text.textValue()));
    }
  }
}
