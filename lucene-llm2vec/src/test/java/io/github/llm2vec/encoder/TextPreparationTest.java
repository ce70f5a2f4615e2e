/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenizer.PythonText;
import io.github.llm2vec.tokenizer.TokenSpans;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What differs from upstream by default, and the ways to differ more. That the rest is upstream's
 * is shown by {@link PreparationCasesTest} and {@link ExpectedPreparationTest}.
 */
class TextPreparationTest {

  private static final Path CHECKPOINTS = Path.of("src", "test", "resources", "checkpoints");
  private static final String LLAMA_3 = "meta-llama/Meta-Llama-3-8B-Instruct";
  private static final String CHINESE = "渡船在中午离开，载着四十名乘客、两只山羊和一架没有人订购的钢琴。";

  private static Tokenizer llama3;
  private static Tokenizer llama2;
  private static Tokenizer qwen2;

  @BeforeAll
  static void openTokenizers() throws IOException {
    llama3 = Tokenizer.open(CHECKPOINTS.resolve("llama3-gqa"));
    llama2 = Tokenizer.open(CHECKPOINTS.resolve("llama-mha"));
    qwen2 = Tokenizer.open(CHECKPOINTS.resolve("qwen2"));
  }

  @AfterAll
  static void closeTokenizers() {
    llama3.close();
    llama2.close();
    qwen2.close();
  }

  @Test
  void takesTheSeparatorInATextForText() {
    String text = "one " + SeparatedPrompt.SEPARATOR + " two";
    TokenizedText prepared = preparation(llama2, none()).prepare(text, Prompt.document());
    assertArrayEquals(framed(llama2, text), prepared.ids());
    assertEquals(prepared.length() - 1, prepared.poolLength());
  }

  @Test
  void poolsTheWholeRowWhereNothingIsToBePooled() {
    TokenizedText bos = preparation(llama2, none()).prepare("", Prompt.document());
    assertEquals(1, bos.length());
    assertEquals(1, bos.poolLength());
    TokenizedText instruction = preparation(llama2, none()).prepare("", Prompt.query("Find it:"));
    assertEquals(instruction.length(), instruction.poolLength());
    assertTrue(instruction.length() > 3);
  }

  @Test
  void standsEosForATextWithoutTokens() {
    TokenizedText empty = preparation(qwen2, none()).prepare("", Prompt.document());
    assertArrayEquals(new int[] {qwen2.eosId().orElseThrow()}, empty.ids());
    assertEquals(1, empty.poolLength());
  }

  @Test
  void keepsTextsWithoutSpaces() {
    TextSettings settings = none().withLengths(64, 40);
    for (String text : List.of(CHINESE.repeat(5), "Title: " + CHINESE.repeat(5), "x".repeat(900))) {
      TokenizedText kept = preparation(llama3, settings).prepare(text, Prompt.document());
      assertTrue(kept.poolLength() > 20 && kept.poolLength() <= 40, text + kept.poolLength());
      int[] whole = framed(llama3, text);
      for (int i = 0; i < 20; i++) {
        assertEquals(whole[i], kept.id(i), text);
      }
    }
    TextSettings upstream =
        settings.withCompatibility(Compatibility.PUBLISHED.with(CompatibilityFlag.WORD_SHORTENING));
    TokenizedText lost =
        preparation(llama3, upstream).prepare(CHINESE.repeat(5), Prompt.document());
    assertEquals(1, lost.length());
  }

  @Test
  void neverCutsACharacterInTwo() {
    TextSettings settings = none().withLengths(32, 13);
    String text = "🤷🏽‍♀️👩‍👩‍👧".repeat(20);
    TextPreparation preparation = preparation(llama3, settings);
    TokenizedText kept = preparation.prepare(text, Prompt.document());
    boolean prefix = false;
    for (int end = 0; end <= text.length() && !prefix; end++) {
      String part = PythonText.wellFormed(text.substring(0, end));
      prefix = Arrays.equals(framed(llama3, part), kept.ids());
    }
    assertTrue(prefix, "not the ids of a part of the text");
  }

  @Test
  void beginsTheExactWindowAtTheText() {
    Compatibility exact = Compatibility.PUBLISHED.without(CompatibilityFlag.WINDOW_OF_TEXT_ALONE);
    TextSettings settings =
        TextSettings.defaults("mistralai/Mistral-7B-Instruct-v0.2", "mistral")
            .withCompatibility(exact);
    TextPreparation preparation = preparation(llama2, settings);
    TokenizedText prepared = preparation.prepare("what is it?", Prompt.query("Find:"));
    String before = "[INST] Find:";
    String pooled = " what is it? [/INST]";
    assertArrayEquals(framed(llama2, before + pooled), prepared.ids());
    // The space before the text is a piece with its first letters or one of its own; where it is
    // with them, they count as text.
    int[] head = framed(llama2, before);
    assertTrue(prepared.poolLength() <= prepared.length() - head.length);
    assertTrue(prepared.poolLength() >= prepared.length() - head.length - 1);
  }

  @Test
  void countsATokenOverTheBorderAsText() {
    Compatibility exact = Compatibility.PUBLISHED.without(CompatibilityFlag.WINDOW_OF_TEXT_ALONE);
    TextPreparation preparation = preparation(llama2, none().withCompatibility(exact));
    String joined = "retrieve";
    int tokens = llama2.encode(joined).length;
    for (int cut = 1; cut < joined.length(); cut++) {
      TokenizedText prepared =
          preparation.prepareMarked(joined.substring(0, cut), joined.substring(cut));
      TokenSpans spans = llama2.encodeWithSpans(joined);
      int pooled = 0;
      for (int i = 0; i < spans.size(); i++) {
        pooled += spans.end(i) > cut ? 1 : 0;
      }
      assertEquals(tokens + 1, prepared.length());
      assertEquals(pooled, prepared.poolLength(), "cut at " + cut);
    }
  }

  @Test
  void appendsTheRealEosWhereUpstreamsTextIsNone() {
    TextSettings settings =
        TextSettings.defaults("meta-llama/Meta-Llama-3.1-8B-Instruct", "llama")
            .withPooling(Pooling.EOS_TOKEN)
            .withLengths(24, 24);
    int eos = llama3.eosId().orElseThrow();
    TextPreparation preparation = preparation(llama3, settings);
    TokenizedText shortText = preparation.prepare("what? ", Prompt.document());
    assertArrayEquals(append(framed(llama3, "what?"), eos), shortText.ids());
    TokenizedText longText = preparation.prepare("what is it? ".repeat(30), Prompt.document());
    assertEquals(24, longText.length());
    assertEquals(eos, longText.id(23));
    TextSettings literal =
        settings.withCompatibility(Compatibility.PUBLISHED.with(CompatibilityFlag.LITERAL_EOS));
    assertArrayEquals(
        framed(llama3, "what? </s>"),
        preparation(llama3, literal).prepare("what? ", Prompt.document()).ids());
  }

  @Test
  void keepsUpstreamsEosTextWhereItIsAToken() {
    TextSettings settings =
        TextSettings.defaults("princeton-nlp/Sheared-LLaMA-1.3B", "llama")
            .withPooling(Pooling.EOS_TOKEN);
    TokenizedText prepared = preparation(llama2, settings).prepare("what? ", Prompt.document());
    assertArrayEquals(framed(llama2, "what? </s>"), prepared.ids());
  }

  @Test
  void poolsTheFirstBosOnly() {
    TextSettings settings = none().withPooling(Pooling.BOS_TOKEN);
    TokenizedText two = preparation(llama2, settings).prepare("a <s> b", Prompt.document());
    assertEquals(0, two.bosPosition());
    TextSettings every =
        settings.withCompatibility(Compatibility.PUBLISHED.with(CompatibilityFlag.EVERY_BOS));
    Exception error =
        assertThrows(
            IllegalArgumentException.class,
            () -> preparation(llama2, every).prepare("a <s> b", Prompt.document()));
    assertTrue(error.getMessage().contains("every-bos"), error.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> preparation(qwen2, settings).prepare("a", Prompt.document()));
  }

  @Test
  void replacesASurrogateWithoutPartner() {
    TextPreparation preparation = preparation(llama3, TextSettings.defaults(LLAMA_3, "llama"));
    assertArrayEquals(
        preparation.prepare("a \ufffd b 😀", Prompt.document()).ids(),
        preparation.prepare("a \ud83d b 😀", Prompt.document()).ids());
  }

  @Test
  void leavesSpecialTokensRoomWhenCutting() {
    TextSettings settings = none().withLengths(8, 8);
    TokenizedText cut =
        preparation(llama2, settings).prepare("what is it? ".repeat(9), Prompt.query());
    assertEquals(8, cut.length());
    assertEquals(llama2.bosId().orElseThrow(), cut.id(0));
    Exception error =
        assertThrows(
            IllegalArgumentException.class, () -> preparation(llama2, none().withLengths(1, 1)));
    assertEquals(
        "max_length must leave room for text beside 1 special tokens, got 1", error.getMessage());
  }

  @Test
  void preparesManyTextsInOrder() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      texts.add("text number " + i + " ".repeat(i % 7) + CHINESE.substring(i % 20));
    }
    TextPreparation preparation = preparation(llama3, TextSettings.defaults(LLAMA_3, "llama"));
    ExecutorService executor = TokenizerThreads.start(4);
    try {
      List<TokenizedText> all =
          preparation.prepareAll(texts, Prompt.query("Find it:"), executor, 4);
      for (int i = 0; i < texts.size(); i++) {
        TokenizedText one = preparation.prepare(texts.get(i), Prompt.query("Find it:"));
        assertArrayEquals(one.ids(), all.get(i).ids());
        assertEquals(one.poolLength(), all.get(i).poolLength());
      }
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void readsNoMoreOfALongTextThanItNeeds() {
    TextPreparation preparation = preparation(llama3, TextSettings.defaults(LLAMA_3, "llama"));
    String text = "The ferry left at noon, carrying forty passengers. ".repeat(200_000);
    TokenizedText prepared = preparation.prepare(text, Prompt.document());
    TokenizedText shorter = preparation.prepare(text.substring(0, 50_000), Prompt.document());
    assertTrue(prepared.length() > 300 && shorter.length() > 300);
  }

  @Test
  void copesWithTextsBeyondWhatTheLibraryTakes() {
    String spaces = " ".repeat(Tokenizer.MAX_CHARACTERS + 7);
    TextSettings long32k = none().withLengths(40_000, 39_000);
    assertTrue(preparation(qwen2, long32k).prepare(spaces, Prompt.document()).length() > 1000);
    Compatibility exact = Compatibility.PUBLISHED.without(CompatibilityFlag.WINDOW_OF_TEXT_ALONE);
    TextSettings windowed = none().withLengths(16, 16).withCompatibility(exact);
    assertEquals(16, preparation(qwen2, windowed).prepare(spaces, Prompt.document()).length());
  }

  private static TextSettings none() {
    return TextSettings.defaults("", "llama");
  }

  private static TextPreparation preparation(Tokenizer tokenizer, TextSettings settings) {
    return new TextPreparation(tokenizer, settings);
  }

  private static int[] framed(Tokenizer tokenizer, String text) {
    int[] ids = tokenizer.encode(text);
    int prefix = tokenizer.prefixIds().size();
    int[] framed = new int[prefix + ids.length];
    for (int i = 0; i < prefix; i++) {
      framed[i] = tokenizer.prefixIds().get(i);
    }
    System.arraycopy(ids, 0, framed, prefix, ids.length);
    return framed;
  }

  private static int[] append(int[] ids, int id) {
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = id;
    return longer;
  }
}
