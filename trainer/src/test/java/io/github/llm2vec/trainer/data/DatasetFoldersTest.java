/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.data.DatasetFolders.Found;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetFoldersTest {

  private static final Optional<String> RAW = Optional.of("wikitext-103-raw-v1");

  @TempDir Path root;

  private DatasetFolders folders() {
    return new DatasetFolders(Optional.of(root.resolve("datasets")), root.resolve("hub"));
  }

  private Path touch(String file) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.createFile(path);
  }

  private List<Path> found(String name, Optional<String> config, DatasetFolders.Split split)
      throws IOException {
    return folders().find(name, config, split).map(Found::files).orElse(List.of());
  }

  @Test
  void findsParquetInTheOrderOfItsParts() throws IOException {
    Path second = touch("datasets/wikitext/wikitext-103-raw-v1/train-00001-of-00002.parquet");
    Path first = touch("datasets/wikitext/wikitext-103-raw-v1/train-00000-of-00002.parquet");
    touch("datasets/wikitext/wikitext-103-raw-v1/test-00000-of-00001.parquet");
    touch("datasets/wikitext/wikitext-103-raw-v1/wiki.train.raw");
    assertEquals(List.of(first, second), found("wikitext", RAW, DatasetFolders.Split.TRAIN));
    assertEquals(
        List.of(first, second), found("Salesforce/wikitext", RAW, DatasetFolders.Split.TRAIN));
    assertEquals(
        Optional.empty(), folders().find("wikitext", RAW, DatasetFolders.Split.VALIDATION));
  }

  @Test
  void findsTheFilesOfWikiTextsOwnArchive() throws IOException {
    Path train = touch("datasets/wikitext-103-raw-v1/wiki.train.raw");
    Path valid = touch("datasets/wikitext-103-raw-v1/wiki.valid.raw");
    assertEquals(List.of(train), found("wikitext", RAW, DatasetFolders.Split.TRAIN));
    Found validation =
        folders().find("wikitext", RAW, DatasetFolders.Split.VALIDATION).orElseThrow();
    assertEquals(new Found(List.of(valid), TextStyle.WIKITEXT), validation);
  }

  @Test
  void findsConllFilesUnderTheirOldAndNewNames() throws IOException {
    Path train = touch("datasets/conll2003/train.txt");
    Path valid = touch("datasets/conll2003/valid.txt");
    touch("datasets/conll2003/README.md");
    assertEquals(List.of(train), found("conll2003", Optional.empty(), DatasetFolders.Split.TRAIN));
    assertEquals(
        List.of(valid), found("conll2003", Optional.empty(), DatasetFolders.Split.VALIDATION));
    Path old = touch("datasets/old/eng.testa");
    assertEquals(List.of(old), found("old", Optional.empty(), DatasetFolders.Split.VALIDATION));
    Path ud = touch("datasets/ewt/en_ewt-ud-dev.conllu.gz");
    assertEquals(List.of(ud), found("ewt", Optional.empty(), DatasetFolders.Split.VALIDATION));
  }

  @Test
  void findsDatasetsInTheHubCache() throws IOException {
    String repository = "hub/datasets--Salesforce--wikitext/";
    Files.writeString(touch(repository + "refs/main"), "abc\n");
    Path file =
        touch(repository + "snapshots/abc/wikitext-103-raw-v1/train-00000-of-00002.parquet");
    assertEquals(List.of(file), found("wikitext", RAW, DatasetFolders.Split.TRAIN));
    Files.writeString(touch("hub/datasets--eriktks--conll2003/refs/refs/convert/parquet"), "def");
    Path converted =
        touch("hub/datasets--eriktks--conll2003/snapshots/def/conll2003/train/0000.parquet");
    assertEquals(
        List.of(converted), found("conll2003", Optional.empty(), DatasetFolders.Split.TRAIN));
    Files.writeString(touch("hub/datasets--me--mine/refs/main"), "1");
    Path data = touch("hub/datasets--me--mine/snapshots/1/data/train-00000-of-00001.parquet");
    assertEquals(List.of(data), found("me/mine", Optional.empty(), DatasetFolders.Split.TRAIN));
  }

  @Test
  void saysWhichFileIsExpectedWhereNothingIs() {
    NoSuchFileException e =
        assertThrows(
            NoSuchFileException.class,
            () -> folders().find("wikitext", RAW, DatasetFolders.Split.TRAIN));
    String message = e.getMessage();
    assertTrue(message.startsWith("wikitext (wikitext-103-raw-v1): "), message);
    assertTrue(
        message.contains(
            root.resolve("datasets/wikitext/wikitext-103-raw-v1/train-00000-of-00001.parquet")
                .toString()),
        message);
    assertTrue(
        message.contains(root.resolve("hub/datasets--Salesforce--wikitext").toString()), message);
    assertTrue(message.contains("--dataset_dir DIR"), message);
  }

  @Test
  void doesNotTakeOtherFilesForAPart() throws IOException {
    touch("datasets/x/training-notes.txt");
    touch("datasets/x/constrain.txt");
    assertThrows(
        NoSuchFileException.class,
        () -> folders().find("x", Optional.empty(), DatasetFolders.Split.TRAIN));
  }
}
