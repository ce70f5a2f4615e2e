/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import java.nio.file.Path;

/**
 * How a run ended.
 *
 * @param folder what it wrote
 * @param complete whether it made its last update, so that the folder holds the result
 * @param state where it is
 */
public record TrainOutput(Path folder, boolean complete, TrainerState state) {}
