/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import io.github.llm2vec.checkpoint.CheckpointWriter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.trainer.checkpoint.TensorFile.Entry;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * All weights of a model as transformers saves a language model.
 *
 * @param config the config.json to go by
 * @param dtype what results are stored in; checkpoints are in single precision
 * @param auxiliary the tokenizer and other small files
 */
public record WholeModelFiles(Path config, DType dtype, CheckpointStore.Writer auxiliary)
    implements ModelFiles {

  private static final String WEIGHTS = "model.safetensors";
  private static final String HEAD = "lm_head.weight";

  @Override
  public void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException {
    auxiliary.write(folder);
    List<Entry> entries =
        tensors.names().stream().map(name -> new Entry(name, name, Part.VALUE)).toList();
    CheckpointWriter.write(
        folder,
        config,
        TensorFile.of(tensors, entries),
        purpose == Purpose.CHECKPOINT ? DType.FLOAT32 : dtype);
  }

  @Override
  public void read(Path folder, TrainedTensors tensors) throws IOException {
    List<Entry> entries =
        tensors.names().stream()
            .map(name -> new Entry(name.equals(HEAD) ? name : "model." + name, name, Part.VALUE))
            .toList();
    TensorFile.read(folder.resolve(WEIGHTS), tensors, entries);
  }
}
