/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.llm2vec.lora.LoraAdapterWriter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.LoraOptions;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.checkpoint.AdapterFiles;
import io.github.llm2vec.trainer.checkpoint.CheckpointStore;
import io.github.llm2vec.trainer.config.ConfigFiles;
import io.github.llm2vec.trainer.config.MntpConfig;
import io.github.llm2vec.trainer.config.ResolvedConfig;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.DoublePredicate;

/** Runs of the loop without an engine: a batch is a number that the model is drawn towards. */
final class FakeRun {

  private final Path folder;
  private final int batchesPerEpoch;
  private final List<Double> seen = new ArrayList<>();
  private final List<TrainerCallback> callbacks = new ArrayList<>();
  private DoublePredicate empty = batch -> false;
  private double spoilt = Double.NaN;
  private CheckpointStore.Writer auxiliary = target -> {};
  private BooleanSupplier stop = () -> false;
  private boolean validated;
  private FakeModel model = new FakeModel();

  FakeRun(Path folder, int batchesPerEpoch) {
    this.folder = folder;
    this.batchesPerEpoch = batchesPerEpoch;
  }

  /** Batches that have nothing to learn from. */
  FakeRun empty(DoublePredicate value) {
    empty = value;
    return this;
  }

  /** The batch whose loss is no number. */
  FakeRun spoilt(double value) {
    spoilt = value;
    return this;
  }

  /** What else is written into every folder. */
  FakeRun auxiliary(CheckpointStore.Writer value) {
    auxiliary = value;
    return this;
  }

  FakeRun stop(BooleanSupplier value) {
    stop = value;
    return this;
  }

  FakeRun listener(TrainerCallback value) {
    callbacks.add(value);
    return this;
  }

  FakeRun validated() {
    validated = true;
    return this;
  }

  /** Batches trained on, in order: epoch times 100 plus its number. */
  List<Double> seen() {
    return seen;
  }

  FakeModel model() {
    return model;
  }

  Trainer.Output go(String... options) throws IOException {
    ResolvedConfig<MntpConfig> config = config(options);
    model = new FakeModel();
    TrainingContext context = TrainingContext.begin(config, callbacks, stop);
    LoraAdapterWriter.Config adapter =
        new LoraAdapterWriter.Config("base", 1, 2, 0, LoraOptions.ALL_TARGETS);
    return new Trainer<>(
            context,
            new Trainer.Task<>(
                model,
                new Distance(),
                Optional.of(new Numbers(batchesPerEpoch)),
                validated ? Optional.of(new Numbers(3)) : Optional.empty(),
                Optional.empty(),
                new AdapterFiles(adapter, auxiliary),
                new TrainerCallback.Cost(0, DType.FLOAT32, List.of(TorchDevice.CPU))))
        .train();
  }

  private ResolvedConfig<MntpConfig> config(String... options) throws IOException {
    Path file = folder.resolve("config.json");
    Files.writeString(
        file,
        """
        {"model_name_or_path": "m", "train_file": "t", "do_train": true, "report_to": "none",
         "learning_rate": 0.1, "output_dir": "%s"}
        """
            .formatted(folder.resolve("run").toString().replace("\\", "/")));
    return ConfigFiles.MNTP.read(file, List.of(options));
  }

  Path output() {
    return folder.resolve("run");
  }

  private final class Distance implements Objective<Double> {

    @Override
    public boolean isEmpty(Double batch) {
      return empty.test(batch);
    }

    @Override
    public int tokens(Double batch) {
      return 10;
    }

    @Override
    public int rows(Double batch) {
      return 1;
    }

    @Override
    public double addGradient(Double batch, double weight) {
      seen.add(batch);
      return batch == spoilt ? Double.NaN : model.addDistance(target(batch), weight);
    }

    @Override
    public Evaluation<Double> evaluation() {
      return new Evaluation<>() {
        private double loss;
        private int batches;

        @Override
        public void add(Double batch) {
          loss += model.distance(target(batch));
          batches++;
        }

        @Override
        public Map<String, Double> metrics() {
          return Map.of("eval_loss", loss / batches);
        }
      };
    }

    @Override
    public JsonNode describe(Double batch) {
      return JsonNodeFactory.instance.numberNode(batch);
    }

    private double target(Double batch) {
      return 1 + Math.sin(batch);
    }
  }

  /** Numbers as batches. */
  private record Numbers(int count) implements DataLoader<Double> {

    @Override
    public OptionalLong batchesPerEpoch() {
      return OptionalLong.of(count);
    }

    @Override
    public RecordStream<Double> epoch(long epoch, long firstBatch) {
      return new RecordStream<>() {
        private long next = firstBatch;

        @Override
        public Optional<Double> next() {
          return next < count ? Optional.of(100.0 * epoch + next++) : Optional.empty();
        }
      };
    }

    @Override
    public void close() {}
  }
}
