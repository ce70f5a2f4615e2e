/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.wordtask;

import io.github.llm2vec.trainer.config.WordHeadArguments.WordTask;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;

/**
 * The label set of a word task; a label's id is its place in the list.
 *
 * @param names the tags
 */
record LabelSet(List<String> names) {

  private static final List<String> POS =
      List.of(
          ("\" '' # $ ( ) , . : `` CC CD DT EX FW IN JJ JJR JJS LS MD NN NNP NNPS NNS NN|SYM PDT"
                  + " POS PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD VBG VBN VBP VBZ WDT WP WP$ WRB")
              .split(" "));

  private static final List<String> CHUNKS =
      List.of(
          ("O B-ADJP I-ADJP B-ADVP I-ADVP B-CONJP I-CONJP B-INTJ I-INTJ B-LST I-LST B-NP I-NP B-PP"
                  + " I-PP B-PRT I-PRT B-SBAR I-SBAR B-UCP I-UCP B-VP I-VP")
              .split(" "));

  private static final List<String> ENTITIES =
      List.of("O B-PER I-PER B-ORG I-ORG B-LOC I-LOC B-MISC I-MISC".split(" "));

  private static final List<String> UNIVERSAL =
      List.of(
          "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
              .split(" "));

  /** Copies the list. */
  public LabelSet {
    names = List.copyOf(names);
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a word task has at least one tag");
    }
  }

  /** The tags of CoNLL-2003 in upstream's order; for {@code upos_tags} those of UD. */
  public static LabelSet conll2003(WordTask task) {
    return new LabelSet(
        switch (task) {
          case POS_TAGS -> POS;
          case CHUNK_TAGS -> CHUNKS;
          case NER_TAGS -> ENTITIES;
          case UPOS_TAGS -> UNIVERSAL;
        });
  }

  /** All tags that occur in sentences, in alphabetical order. */
  public static LabelSet of(RecordStream<WordFiles.Sentence> sentences) throws IOException {
    TreeSet<String> tags = new TreeSet<>();
    sentences.forEach(sentence -> tags.addAll(sentence.tags()));
    return new LabelSet(List.copyOf(tags));
  }

  /** Number of tags. */
  public int size() {
    return names.size();
  }
}
