/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.wordtask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.llm2vec.cli.CommandRunner;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.tokenclassification.TokenClassifier;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordTaskCommandTest {

  private static final Path MODEL = Path.of("../examples/models/stories260K");

  @TempDir private Path folder;
  private Path data;
  private final CommandRunner runner = CommandRunner.withRealModels();

  @BeforeEach
  void writeSentences() throws IOException {
    data =
        Files.writeString(
            folder.resolve("train.txt"),
            IntStream.range(0, 12)
                .mapToObj(i -> "Lily NNP B-NP B-PER\nplays VBZ B-VP O\n. . O O\n\n")
                .collect(Collectors.joining()));
  }

  private Path config(String name, String more) throws IOException {
    return Files.writeString(
        folder.resolve(name),
        """
        {"model_name_or_path": "%s", "task": "ner_tags", "retroactive_labels": "same_token", %s}
        """
            .formatted(MODEL, more));
  }

  @Test
  void trainsAHeadThatTestsAndServes() throws IOException {
    Path output = folder.resolve("output");
    Path train =
        config(
            "train.json",
            """
            "train_file": "%s", "output_dir": "%s", "do_train": true, "learning_rate": 0.05,
            "per_device_train_batch_size": 4, "num_train_epochs": 10, "save_steps": 20,
            "validation_split_percentage": 25, "evaluation_strategy": "steps", "eval_steps": 10
            """
                .formatted(data, output));
    assertEquals(
        0,
        runner.run("word-task", "train", train.toString(), "--logging_steps", "5"),
        runner.err());
    assertTrue(runner.err().contains("update 5: loss"), runner.err());
    assertTrue(runner.err().contains("update 10: validation loss"), runner.err());
    assertTrue(runner.out().contains("accuracy 100.00 of 9 words"), runner.out());
    assertTrue(Files.exists(output.resolve("checkpoint-20/trainer_state.json")));

    Path test =
        config(
            "test.json",
            "\"test_file\": \"%s\", \"cls_addr\": \"%s\", \"output_dir\": \"%s\""
                .formatted(data, output.resolve("checkpoint-20"), folder.resolve("results")));
    assertEquals(0, runner.run("word-task", "test", test.toString()), runner.err());
    JsonNode summary =
        new ObjectMapper().readTree(folder.resolve("results/result_summary.json").toFile());
    assertEquals(1.0, summary.get("precision").asDouble());
    assertEquals(1.0, summary.get("overall_f1").asDouble());
    assertEquals(36, summary.get("words").asLong());

    try (TokenClassifier classifier =
        TokenClassifier.open(ModelSource.of(MODEL), DType.FLOAT32, TorchDevice.CPU, output)) {
      List<TokenClassifier.LabelledSpan> names = classifier.classify("Lily plays.");
      assertEquals(1, names.size());
      assertEquals("PER", names.get(0).label());
      assertEquals(4, names.get(0).end());
    }
  }

  @Test
  void saysWhatIsWrongBeforeItOpensAModel() throws IOException {
    Path train = config("train.json", "\"train_file\": \"x\", \"output_dir\": \"y\"");
    assertEquals(1, runner.run("word-task", "train", train.toString(), "--classifier_dropot=0"));
    assertTrue(runner.err().contains("did you mean classifier_dropout?"), runner.err());
    Path test = config("test.json", "\"test_file\": \"x\", \"output_dir\": \"y\"");
    assertEquals(1, runner.run("word-task", "test", test.toString()));
    assertTrue(runner.err().contains("cls_addr"), runner.err());
    assertEquals(2, runner.run("word-task", "train"));
    assertEquals(2, runner.run("word-task"));
  }
}
