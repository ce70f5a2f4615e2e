/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import io.github.llm2vec.lora.LoraAdapterWriter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.trainer.checkpoint.TensorFile.Entry;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * An adapter as PEFT saves it. A trained output layer, which upstream throws away, is kept in
 * checkpoints only, as {@code head.safetensors}.
 *
 * @param config what {@code adapter_config.json} says
 * @param auxiliary the tokenizer and other small files
 */
public record AdapterFiles(LoraAdapterWriter.Config config, CheckpointStore.Writer auxiliary)
    implements ModelFiles {

  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String HEAD = "head.safetensors";
  private static final String PREFIX = "base_model.model.";

  @Override
  public void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException {
    auxiliary.write(folder);
    List<String> others = names(tensors, false);
    if (purpose == Purpose.CHECKPOINT && !others.isEmpty()) {
      TensorFile.write(folder.resolve(HEAD), tensors, entries(others, ""), DType.FLOAT32);
    }
    LoraAdapterWriter.write(
        folder, config, TensorFile.of(tensors, entries(names(tensors, true), "")));
  }

  @Override
  public void read(Path folder, TrainedTensors tensors) throws IOException {
    TensorFile.read(folder.resolve(WEIGHTS), tensors, entries(names(tensors, true), PREFIX));
    List<String> others = names(tensors, false);
    if (!others.isEmpty()) {
      TensorFile.read(folder.resolve(HEAD), tensors, entries(others, ""));
    }
  }

  private static List<String> names(TrainedTensors tensors, boolean adapter) {
    return tensors.names().stream().filter(name -> name.contains(".lora_") == adapter).toList();
  }

  private static List<Entry> entries(List<String> names, String prefix) {
    return names.stream().map(name -> new Entry(prefix + name, name, Part.VALUE)).toList();
  }
}
