/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

import io.github.llm2vec.encoder.ChatTemplates;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.CompatibilityFlag;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.trainer.config.SimcseConfig;

/**
 * Tokenizes texts for SimCSE. Upstream uses neither template nor separator there, so that nothing
 * is marked as pooled and its mean goes over the whole row, padding included; which of that is
 * followed is configured. Thread-safe.
 */
final class SimcseTexts {

  private final TextPreparation preparation;
  private final boolean wholeRow;

  /**
   * @param model settings of the model as {@link TextSettings#defaults} gives them
   */
  SimcseTexts(Tokenizer tokenizer, TextSettings model, SimcseConfig config) {
    this.wholeRow = config.window() != SimcseConfig.Window.TEXT;
    Pooling pooling = config.contrast().pooling();
    // Without its template upstream appends no end-of-sequence token either.
    boolean lastOfAll = pooling == Pooling.EOS_TOKEN && !config.template();
    Compatibility compatibility =
        config.window() == SimcseConfig.Window.PADDED_ROW
            ? model.compatibility().with(CompatibilityFlag.EMPTY_POOLS_PADDING)
            : model.compatibility().without(CompatibilityFlag.EMPTY_POOLS_PADDING);
    this.preparation =
        new TextPreparation(
            tokenizer,
            (config.template() ? model : model.withTemplate(ChatTemplates.NONE))
                .withPooling(lastOfAll ? Pooling.LAST_TOKEN : pooling)
                .withLengths(config.contrast().maxSeqLength(), config.contrast().maxSeqLength())
                .withSkipInstruction(true)
                .withCompatibility(compatibility));
  }

  TokenizedText prepare(String text) {
    // A text that is all before the mark has nothing after it to pool.
    return wholeRow ? preparation.prepareMarked(text, "") : preparation.prepareMarked("", text);
  }
}
