/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.node.ModelsFileWriter;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the zip holds is what an installed Solr lacks: no more, and no less. */
class SolrModuleTest {

  private static final Pattern INCLUDE = Pattern.compile("<include>([\\w.]+):([\\w-]+)</include>");
  private static final Path MODEL =
      Path.of("..", "examples", "models", "stories260K").toAbsolutePath().normalize();

  @TempDir private Path folder;

  private static Set<String> included() throws Exception {
    String descriptor = Files.readString(Path.of("src", "assembly", "module.xml"));
    return INCLUDE
        .matcher(descriptor)
        .results()
        .map((MatchResult found) -> found.group(2))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Path> classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(Path::of)
        .filter(Files::exists)
        .toList();
  }

  /** Name of a jar without its version; of our own modules, which may be folders, their names. */
  private static String artifact(Path entry) {
    for (int i = 1; i < entry.getNameCount() && entry.endsWith("classes"); i++) {
      if (entry.getName(i).toString().equals("target")) {
        return entry.getName(i - 1).toString();
      }
    }
    return entry.getFileName().toString().replaceFirst("-\\d.*", "");
  }

  @Test
  void holdsNoJarThatSolrHas() throws Exception {
    Set<String> solr = new TreeSet<>();
    for (String jar :
        Files.readAllLines(Path.of("src", "test", "resources", "solr-9.10.1-jars.txt"))) {
      solr.add(artifact(Path.of(jar)));
    }
    assertTrue(solr.contains("lucene-core"));
    Set<String> both = new TreeSet<>(included());
    both.retainAll(solr);
    assertEquals(Set.of(), both);
  }

  /** The zip holds some of the pages, and the examples, side by side as the project does. */
  @Test
  void linksOfItsPagesLeadToPagesThatItHolds() throws Exception {
    String descriptor = Files.readString(Path.of("src", "assembly", "module.xml"));
    Set<Path> pages = new TreeSet<>();
    Pattern.compile("<include>([\\w-]+\\.md)</include>")
        .matcher(descriptor)
        .results()
        .forEach(found -> pages.add(Path.of("../docs", found.group(1))));
    assertTrue(pages.contains(Path.of("../docs/solr-updates.md")), pages.toString());
    assertTrue(descriptor.contains("<outputDirectory>modules/llm2vec/solr-config-examples<"));
    try (Stream<Path> examples = Files.walk(Path.of("../solr-config-examples"))) {
      examples.filter(Files::isRegularFile).forEach(pages::add);
    }
    Set<String> dead = new TreeSet<>();
    for (Path page : pages) {
      if (page.toString().endsWith(".md")) {
        Pattern.compile("\\]\\((?!http)([^)#\\s]+)")
            .matcher(Files.readString(page))
            .results()
            .map(link -> page.resolveSibling(link.group(1)).normalize())
            .filter(target -> !pages.contains(target))
            .forEach(target -> dead.add(page + " -> " + target));
      }
    }
    assertEquals(Set.of(), dead);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void twoCoresAndTheirReloadsShareOneModelWhenInstalled(boolean asModule) throws Exception {
    Path lib = Files.createDirectories(folder.resolve("install/modules/llm2vec/lib"));
    Set<String> included = included();
    List<String> solr = new ArrayList<>();
    for (Path entry : classPath()) {
      if (included.remove(artifact(entry)) || entry.toString().contains("pytorch-native")) {
        Files.createSymbolicLink(lib.resolve(artifact(entry) + suffix(entry)), entry);
      } else {
        solr.add(entry.toString());
      }
    }
    assertEquals(Set.of(), included, "is on no class path");
    Path home = home(asModule ? "" : "<str name=\"sharedLib\">" + lib + "</str>");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms256m",
                "-Xmx256m",
                // So that resident memory tells of what is outside the heap.
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-Djava.security.egd=file:/dev/./urandom",
                "-Dsolr.log.dir=" + folder.resolve("logs"),
                "-Dsolr.install.dir=" + folder.resolve("install"),
                "-Dllm2vec.reloads=" + Integer.getInteger("llm2vec.reloads", 3)));
    if (asModule) {
      command.add("-Dsolr.modules=llm2vec");
    }
    command.addAll(
        List.of("-cp", String.join(File.pathSeparator, solr), InstalledNode.class.getName()));
    command.add(home.toString());
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(10, TimeUnit.MINUTES));
      assertEquals(0, process.exitValue(), Files.readString(output));
      assertFalse(Files.readString(output).contains("UnsatisfiedLinkError"));
      Files.readAllLines(output).stream()
          .filter(line -> line.startsWith("reloads of each core"))
          .forEach(System.err::println);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String suffix(Path entry) {
    return Files.isDirectory(entry) ? "" : ".jar";
  }

  private Path home(String solrXml) throws Exception {
    Path home = Files.createDirectories(folder.resolve("home"));
    Files.writeString(home.resolve("solr.xml"), "<solr>" + solrXml + "</solr>");
    for (String core : List.of("one", "two")) {
      SolrNode.copy(SolrNode.BASIC, home.resolve(core).resolve("conf"));
    }
    ModelsFileWriter.write(
        home.resolve(ModelsFile.NAME), List.of(ModelDeclaration.of("default", MODEL.toString())));
    return home;
  }
}
