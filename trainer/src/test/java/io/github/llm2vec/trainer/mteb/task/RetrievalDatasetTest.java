/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetrievalDatasetTest {

  @TempDir Path folder;

  private static List<Corpus.Document> documents(Corpus corpus) throws IOException {
    List<Corpus.Document> documents = new ArrayList<>();
    try (RecordStream<Corpus.Document> reader = corpus.open()) {
      reader.forEach(documents::add);
    }
    return documents;
  }

  private static List<String> ids(Corpus corpus) {
    return IntStream.range(0, corpus.size()).mapToObj(corpus.ids()::get).toList();
  }

  @Test
  void readsASoundCollectionWithoutFindings() throws IOException {
    CollectionFiles files = CollectionFiles.sound(folder);
    RetrievalDataset dataset = files.load("test");
    assertEquals(List.of(), files.findings());
    assertEquals(Map.of("q1", "who sleeps", "q2", "who swims"), dataset.queries());
    assertEquals(Map.of("d3", 2), dataset.judgements().of("q2"));
    assertEquals(List.of("d1", "d2", "d3"), ids(dataset.corpus()));
    assertEquals(
        List.of("Cats Cats sleep.", "Dogs bark.", "Fish swim."),
        documents(dataset.corpus()).stream().map(Corpus.Document::passage).toList());
    assertEquals(2, files.loadStrictly().queries().size());
  }

  @Test
  void readsGzippedAndSplitFilesAlike() throws IOException {
    RetrievalDataset plain = CollectionFiles.sound(folder.resolve("plain")).load("test");
    RetrievalDataset zipped =
        new CollectionFiles(folder.resolve("zipped"))
            .write(
                "corpus/part-0.jsonl.gz",
                "{'_id':'d1','title':'Cats','text':'Cats sleep.'}",
                "{'_id':'d2','title':'','text':'Dogs bark.'}")
            .write("corpus/part-1.jsonl", "{'_id':'d3','text':'Fish swim.'}")
            .write("queries.jsonl.gz", "{'_id':'q1','text':'a'}", "{'_id':'q2','text':'b'}")
            .write("qrels.tsv.gz", "query-id\tcorpus-id\tscore", "q1\td1\t1", "q2\td3\t2")
            .load("test");
    assertEquals(plain.corpus().digest(), zipped.corpus().digest());
    assertEquals(documents(plain.corpus()), documents(zipped.corpus()));
    assertEquals(plain.judgements().count(), zipped.judgements().count());
  }

  @Test
  void readsEveryLayoutOfJudgements() throws IOException {
    List<String[]> layouts =
        List.of(
            new String[] {"qrels/test.tsv", "q1\td1\t1", "q2\td3\t2"},
            new String[] {"qrels/test.tsv", "score\tcorpus-id\tquery-id", "1\td1\tq1", "2\td3\tq2"},
            new String[] {"qrels/test.txt", "q1 0 d1 1", "q2  0  d3  2"},
            new String[] {"qrels/test.qrels", "q1\t0\td1\t1.0", "q2\t0\td3\t2.0"},
            new String[] {
              "qrels/test.jsonl",
              "{'query-id':'q1','corpus-id':'d1','score':1.0}",
              "{'query-id':'q2','corpus-id':'d3','score':2}"
            });
    for (int i = 0; i < layouts.size(); i++) {
      String[] layout = layouts.get(i);
      CollectionFiles files =
          CollectionFiles.sound(folder.resolve("layout" + i)).delete("qrels/test.tsv");
      files.write(layout[0], List.of(layout).subList(1, layout.length).toArray(String[]::new));
      RetrievalDataset dataset = files.load("test");
      assertEquals(Map.of("d1", 1), dataset.judgements().of("q1"), layout[0]);
      assertEquals(Map.of("d3", 2), dataset.judgements().of("q2"), layout[0]);
      assertEquals(List.of(), files.findings());
    }
  }

  @Test
  void readsParquetAsTheHubLaysItOut() throws IOException, URISyntaxException {
    Path hub = Path.of(RetrievalDatasetTest.class.getResource("/mteb/parquet").toURI());
    RetrievalFolder source = RetrievalFolder.locate(hub, RecordFormats.DEFAULTS);
    assertEquals(Set.of("test", "train"), source.qrels().keySet());
    RetrievalDataset dataset =
        RetrievalDataset.load(source, "test", folder.resolve("work"), Findings.strict());
    RetrievalDataset plain = CollectionFiles.sound(folder.resolve("plain")).load("test");
    assertEquals(plain.corpus().digest(), dataset.corpus().digest());
    assertEquals(plain.queries(), dataset.queries());
    assertEquals(Map.of("d3", 2), dataset.judgements().of("q2"));
    ScoredPairs pairs =
        ScoredPairs.read(hub.resolve("pairs"), "test", RecordFormats.DEFAULTS, Findings.strict());
    assertEquals(List.of(2.5, 5.0), pairs.scores());
  }

  @Test
  void reportsEveryMalformedJudgementWithItsLine() throws IOException {
    CollectionFiles files =
        CollectionFiles.sound(folder)
            .write(
                "qrels/test.tsv",
                "query-id\tcorpus-id\tscore",
                "q1\td1\t1",
                "q1\td2",
                "q1\td2\tyes",
                "q1\td2\t0.5",
                "\td2\t1",
                "q1\td1\t3",
                "q2\td3\t0",
                "q9\td1\t1",
                "q2\tdX\t-1");
    RetrievalDataset dataset = files.load("test");
    assertEquals(
        List.of(
            "qrels/test.tsv:3: expected 3 columns, found 2; the line is left out",
            "qrels/test.tsv:4: the grade 'yes' is not a whole number; the line is left out",
            "qrels/test.tsv:5: the grade '0.5' is not a whole number; the line is left out",
            "qrels/test.tsv:6: the id of the query or of the document is empty; the line is left"
                + " out",
            "qrels/test.tsv:7: document 'd1' was judged for query 'q1' before with 1; 3 counts",
            "qrels/test.tsv: query 'q2' has no relevant document; every measure is 0 for it",
            "qrels/test.tsv: query 'q9' is judged but not among the queries; it cannot be"
                + " searched",
            "corpus.jsonl: document 'dX' is judged but not in the corpus; nothing can find it"),
        files.findings());
    assertEquals(3, dataset.judgements().of("q1").get("d1"));
  }

  @Test
  void reportsEveryBrokenDocumentAndNumbersTheRest() throws IOException {
    CollectionFiles files =
        CollectionFiles.sound(folder)
            .write(
                "corpus.jsonl",
                "{'_id':'d1','title':'Cats','text':'Cats sleep.'}",
                "{'_id':'d1','text':'again'}",
                "{'_id':'d2','title':' ','text':''}",
                "{'text':'no id'}",
                "not json",
                "['a list']",
                "",
                "{'_id':7,'title':null,'text':'a number as id'}",
                "{'_id':'d3','text':['a','list']}",
                "{'_id':'a b','text':'white space'}",
                "{'_id':'d3','text':'Fish swim.'}");
    RetrievalDataset dataset = files.load("test");
    List<String> findings = files.findings();
    assertEquals(7, findings.size(), findings.toString());
    assertEquals(
        "corpus.jsonl:2: document 'd1' was there before; this one is left out", findings.get(0));
    assertTrue(findings.get(1).startsWith("corpus.jsonl:3: document 'd2' has neither title nor"));
    assertEquals("corpus.jsonl:4: the document has no _id; it is left out", findings.get(2));
    assertTrue(findings.get(3).startsWith("corpus.jsonl:5: broken JSON at column 4"));
    assertEquals(
        "corpus.jsonl:6: expected a JSON object on each line, found ARRAY; it is left out",
        findings.get(4));
    assertEquals(
        "corpus.jsonl:9: the document's text is not a string; it is left out", findings.get(5));
    assertTrue(findings.get(6).startsWith("corpus.jsonl:10: document id 'a b' holds white space"));
    assertEquals(List.of("d1", "d2", "7", "a b", "d3"), ids(dataset.corpus()));
    assertEquals(
        ids(dataset.corpus()), documents(dataset.corpus()).stream().map(d -> d.id()).toList());
  }

  @Test
  void reportsQueriesThatNoSplitJudges() throws IOException {
    CollectionFiles files =
        CollectionFiles.sound(folder)
            .write(
                "queries.jsonl",
                "{'_id':'q1','text':'who sleeps'}",
                "{'_id':'q2','text':''}",
                "{'_id':'q2','text':'twice'}",
                "{'_id':'q3','text':'for training'}",
                "{'_id':'q4','text':'for nobody'}",
                "{'text':'no id'}")
            .write("qrels/train.tsv", "q3\td1\t1");
    RetrievalDataset dataset = files.load("test");
    assertEquals(List.of("q1", "q2"), List.copyOf(dataset.queries().keySet()));
    assertEquals(
        List.of(
            "queries.jsonl:2: query 'q2' has no text; it is kept and encoded as an empty text",
            "queries.jsonl:3: query 'q2' was there before; this one is left out",
            "queries.jsonl:6: the query has no _id; it is left out",
            "queries.jsonl: query 'q4' has no judgement in any split; it is left out"),
        files.findings());
    assertEquals(List.of("q3"), List.copyOf(files.load("train").queries().keySet()));
  }

  @Test
  void reportsBytesThatAreNotUtf8() throws IOException {
    CollectionFiles files = CollectionFiles.sound(folder);
    byte[] broken = "{\"_id\":\"q3\",\"text\":\"\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1);
    Files.write(folder.resolve("queries.jsonl"), broken, StandardOpenOption.APPEND);
    files.load("test");
    assertEquals(
        List.of(
            "queries.jsonl:3: not valid UTF-8; convert the file, for example with iconv -t UTF-8; it is"
                + " left out"),
        files.findings());
  }

  @Test
  void strictMakesTheFirstFindingAnError() throws IOException {
    CollectionFiles files = CollectionFiles.sound(folder).write("qrels/test.tsv", "q1\td1\tx");
    DatasetException failure = assertThrows(DatasetException.class, files::loadStrictly);
    assertTrue(
        failure.getMessage().contains("test.tsv:1: the grade 'x' is not a whole number"),
        failure.getMessage());
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    CollectionFiles files = CollectionFiles.sound(folder);
    DatasetException noSplit = assertThrows(DatasetException.class, () -> files.load("dev"));
    assertTrue(noSplit.getMessage().endsWith("it has [test]"), noSplit.getMessage());
    files.delete("corpus.jsonl");
    DatasetException noCorpus = assertThrows(DatasetException.class, () -> files.load("test"));
    assertTrue(noCorpus.getMessage().contains("has no corpus.jsonl"), noCorpus.getMessage());
    files.write("corpus.jsonl", "nothing");
    DatasetException empty = assertThrows(DatasetException.class, () -> files.load("test"));
    assertTrue(empty.getMessage().endsWith("hold no document"), empty.getMessage());
  }

  @Test
  void stripsWhatPythonStrips() {
    assertEquals("a b", new Corpus.Document("1", "\u00a0a", "b\u2003\u0085\u001c").passage());
    assertEquals("", new Corpus.Document("1", " ", "\n").passage());
    assertEquals("a  b", new Corpus.Document("1", "a ", "b").passage());
  }
}
