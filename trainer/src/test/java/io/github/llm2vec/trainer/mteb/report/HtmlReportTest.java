/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.mteb.EvaluationOutcome;
import io.github.llm2vec.trainer.mteb.TaskEvaluation;
import io.github.llm2vec.trainer.mteb.results.SubsetScores;
import io.github.llm2vec.trainer.mteb.task.Finding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

class HtmlReportTest {

  private static TaskEvaluation.MethodResult method(String label, double score, double loss) {
    SubsetScores scores =
        new SubsetScores("default", List.of("eng-Latn"), "ndcg_at_10", Map.of("ndcg_at_10", score));
    List<TaskEvaluation.MethodResult.AgainstExact> against =
        label.equals("exact")
            ? List.of()
            : List.of(new TaskEvaluation.MethodResult.AgainstExact(loss, 0.0001, 0.25, 0.9));
    return new TaskEvaluation.MethodResult(label, label, scores, List.of(), against, 75);
  }

  private static TaskEvaluation task(String name, double exact, double graph) {
    return new TaskEvaluation(
        name,
        "Retrieval",
        "test",
        "Find <it>:",
        new TaskEvaluation.Size(300, 5183, 64),
        List.of(method("exact", exact, 0), method("hnsw-int8", graph, exact - graph)),
        List.of(
            new TaskEvaluation.LatencyPoint("exact", 0, 4, 5, exact, 1, 300),
            new TaskEvaluation.LatencyPoint("hnsw-int8", 10, 0.5, 1, graph - 0.1, 0.5, 300),
            new TaskEvaluation.LatencyPoint("hnsw-int8", 100, 1, 2, graph, 0.9, 300)),
        Map.of(Finding.Kind.DUPLICATE_ID, 2L),
        100);
  }

  private static EvaluationOutcome outcome() {
    return new EvaluationOutcome(
        "team/<model> & \"more\"",
        List.of(task("SciFact", 0.5, 0.4), task("forum a", 0.2, 0.3), task("forum b", 0.4, 0.1)),
        List.of(
            new EvaluationOutcome.Aggregate(
                "forums", List.of("forum a", "forum b"), Map.of("exact", 0.3, "hnsw-int8", 0.2))));
  }

  private static List<Document> charts(String html)
      throws ParserConfigurationException, IOException, SAXException {
    List<Document> charts = new ArrayList<>();
    Matcher matcher = Pattern.compile("<svg .*?</svg>", Pattern.DOTALL).matcher(html);
    while (matcher.find()) {
      charts.add(
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(matcher.group().getBytes(StandardCharsets.UTF_8))));
    }
    return charts;
  }

  private static List<Element> elements(List<Document> charts, String name) {
    List<Element> elements = new ArrayList<>();
    for (Document chart : charts) {
      NodeList found = chart.getElementsByTagName(name);
      for (int i = 0; i < found.getLength(); i++) {
        elements.add((Element) found.item(i));
      }
    }
    return elements;
  }

  @Test
  void loadsNothingAndEscapesWhatComesFromOutside() {
    String html = HtmlReport.of(outcome(), "today & here");
    assertFalse(html.contains("http"), "a report must not load anything");
    assertFalse(html.contains("<script") || html.contains("src=") || html.contains("@import"));
    assertTrue(html.contains("team/&lt;model&gt; &amp; &quot;more&quot;"));
    assertTrue(html.contains("Find &lt;it&gt;:"));
    assertTrue(html.contains("today &amp; here"));
    assertTrue(html.contains("2 duplicate ids"));
  }

  @Test
  void drawsBarsInProportionToTheScores() throws Exception {
    List<Element> bars = elements(charts(HtmlReport.of(outcome(), "")), "rect");
    assertEquals(6, bars.size());
    double unit = Double.parseDouble(bars.get(0).getAttribute("width")) / 50;
    List<Double> scores = List.of(50.0, 40.0, 20.0, 30.0, 40.0, 10.0);
    for (int i = 0; i < bars.size(); i++) {
      assertEquals(
          scores.get(i), Double.parseDouble(bars.get(i).getAttribute("width")) / unit, 0.1);
      assertEquals("s" + i % 2, bars.get(i).getAttribute("class"));
    }
  }

  @Test
  void drawsCostsFromLeftToRightAndScoresUpwards() throws Exception {
    List<Element> lines = elements(charts(HtmlReport.of(outcome(), "")), "polyline");
    assertEquals(6, lines.size());
    String[] points = lines.get(1).getAttribute("points").strip().split("[ ,]", -1);
    assertTrue(Double.parseDouble(points[0]) < Double.parseDouble(points[2]));
    assertTrue(Double.parseDouble(points[1]) > Double.parseDouble(points[3]));
  }

  @Test
  void countsTheMembersOfAMeanAsOneTask() {
    String summary = EvaluationTables.summary(outcome());
    // (50 + 30) / 2 and (40 + 20) / 2.
    assertTrue(Pattern.compile("(?m)^mean +40\\.00 +30\\.00$").matcher(summary).find(), summary);
    assertTrue(Pattern.compile("(?m)^forums +mean +30\\.00 +20\\.00$").matcher(summary).find());
    assertTrue(
        Pattern.compile("(?m)^SciFact +test +300 +5,183 +50\\.00 +40\\.00$")
            .matcher(summary)
            .find(),
        summary);
  }

  @Test
  void printsLossesAndCosts() {
    String against = EvaluationTables.againstExact(outcome());
    assertTrue(
        against.contains("SciFact  hnsw-int8    40.00  +10.00       90.00  <0.001       0.250"),
        against);
    assertTrue(against.contains("1:15 min"), against);
    String costs = EvaluationTables.costs(outcome().tasks().get(0));
    assertTrue(costs.contains("hnsw-int8        10      0.500"), costs);
  }

  @Test
  void refusesRowsOfTheWrongLength() {
    TextTable table = new TextTable("a", "b");
    assertThrows(IllegalArgumentException.class, () -> table.add("1"));
    assertEquals("a    b\n-  ---\nx  1.0\n", table.add("x", "1.0").toString());
  }
}
