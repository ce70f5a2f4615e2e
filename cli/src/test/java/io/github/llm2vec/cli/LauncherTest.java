/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs {@code bin/llm2vec} in a project of a few files, with a Java that prints its arguments and a
 * Maven that counts its runs.
 */
@EnabledOnOs({OS.LINUX, OS.MAC})
class LauncherTest {

  @TempDir private Path folder;
  private Path root;
  private Path source;

  private record Result(int code, List<String> out, String err) {}

  @BeforeEach
  void makeProject() throws IOException {
    // A blank in the path: everything must be quoted.
    root = Files.createDirectories(folder.resolve("my project"));
    Files.createDirectories(root.resolve("bin"));
    Files.copy(Path.of("..", "bin", "llm2vec"), root.resolve("bin/llm2vec"));
    source = write("cli/src/main/java/A.java", "class A {}");
    write("pom.xml", "<project/>");
    write("cli/pom.xml", "<project/>");
    script(
        "mvnw",
        """
        echo "$JAVA_HOME" >> builds
        mkdir -p cli/target core/target
        echo jar > cli/target/llm2vec-cli-1.jar
        echo jar > core/target/core-1.jar
        sleep "${TEST_BUILD_SECONDS:-0}"
        echo "$PWD/core/target/core-1.jar:/elsewhere/lib.jar" > cli/target/classpath.txt
        exit "${TEST_BUILD_CODE:-0}"
        """);
    jdk("17", "17.0.15", "java.base jdk.incubator.vector");
  }

  @Test
  void buildsOnceAndAgainOnlyWhenASourceIsNewer() throws Exception {
    Result first = run(jdkHome("17"), Map.of(), "--help");
    assertEquals(0, first.code(), first.err());
    assertTrue(first.err().contains("building the project"), first.err());
    Result second = run(jdkHome("17"), Map.of(), "--help");
    assertEquals("", second.err());
    assertEquals(1, builds());
    assertEquals(first.out(), second.out());

    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(2)));
    run(jdkHome("17"), Map.of(), "--help");
    assertEquals(2, builds());

    Files.setLastModifiedTime(source, FileTime.from(Instant.EPOCH));
    run(jdkHome("17"), Map.of(), "--help");
    assertEquals(2, builds());
    Files.delete(source);
    run(jdkHome("17"), Map.of("LLM2VEC_NO_BUILD", "1"), "--help");
    assertEquals(2, builds());
    run(jdkHome("17"), Map.of(), "--help");
    assertEquals(3, builds());
  }

  @Test
  void startsJavaWithCopiesOfTheProjectsJarsAndTheArgumentsAsTheyAre() throws Exception {
    Result result = run(jdkHome("17"), Map.of(), "encode", "--instruction", "two words", "*", "");
    List<String> out = result.out();
    int main = out.indexOf("io.github.llm2vec.cli.Main");
    assertEquals(
        List.of("encode", "--instruction", "two words", "*", ""),
        out.subList(main + 1, out.size()));
    String[] classPath = out.get(out.indexOf("-cp") + 1).split(":", -1);
    assertEquals(3, classPath.length);
    assertTrue(classPath[0].endsWith("/llm2vec-cli-1.jar"), classPath[0]);
    assertTrue(classPath[0].startsWith(root.toRealPath() + "/cli/target/launcher/"), classPath[0]);
    assertEquals(Path.of(classPath[0]).getParent(), Path.of(classPath[1]).getParent());
    assertTrue(Files.exists(Path.of(classPath[1])));
    assertEquals("/elsewhere/lib.jar", classPath[2]);
    assertTrue(out.contains("-Xmx2g"), out.toString());
  }

  @Test
  void solr10IsAnotherBuildAndWantsAnotherJava() throws Exception {
    jdk("25", "25.0.1", "java.base");
    script(
        "mvnw",
        """
        echo "$*" >> builds
        mkdir -p cli/target/solr10
        echo jar > cli/target/solr10/llm2vec-cli-1.jar
        echo "/elsewhere/lib10.jar" > cli/target/solr10/classpath.txt
        """);
    Map<String, String> solr10 = Map.of("LLM2VEC_SOLR", "10");
    Result result = run(jdkHome("25"), solr10, "demo");
    assertEquals(0, result.code(), result.err());
    assertTrue(Files.readString(root.resolve("builds")).contains(" -Psolr10 "));
    String classPath = result.out().get(result.out().indexOf("-cp") + 1);
    assertTrue(classPath.contains("/cli/target/solr10/launcher/"), classPath);
    assertTrue(classPath.endsWith(":/elsewhere/lib10.jar"), classPath);

    Result old =
        run(jdkHome("17"), Map.of("LLM2VEC_SOLR", "10", "PATH", pathWithoutJava()), "demo");
    assertTrue(old.code() != 0 && old.err().contains("JDK of version 21 or newer"), old.err());
    Result unknown = run(jdkHome("25"), Map.of("LLM2VEC_SOLR", "8"), "demo");
    assertTrue(unknown.err().contains("LLM2VEC_SOLR is 9 or 10, not '8'"), unknown.err());
  }

  @Test
  void onlyTheDemoIsCompiledLater() throws Exception {
    String flag = "-XX:Tier4InvocationThreshold=20000";
    assertTrue(run(jdkHome("17"), Map.of(), "demo").out().contains(flag));
    assertFalse(run(jdkHome("17"), Map.of(), "mteb").out().contains(flag));
  }

  @Test
  void onlyEncodingAndHelpDoWithoutTheSecondCompiler() throws Exception {
    String flag = "-XX:TieredStopAtLevel=1";
    assertTrue(run(jdkHome("17"), Map.of(), "encode").out().contains(flag));
    assertFalse(run(jdkHome("17"), Map.of(), "search").out().contains(flag));
    assertTrue(run(jdkHome("17"), Map.of(), "search", "--help").out().contains(flag));
    assertTrue(run(jdkHome("17"), Map.of()).out().contains(flag));
    List<String> out =
        run(jdkHome("17"), Map.of("LLM2VEC_JAVA_OPTS", "-XX:TieredStopAtLevel=4"), "encode").out();
    assertTrue(out.indexOf(flag) < out.indexOf("-XX:TieredStopAtLevel=4"), out.toString());
  }

  @Test
  void worksThroughSymbolicLinksFromAnyFolder() throws Exception {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere/bin"));
    Files.createSymbolicLink(elsewhere.resolve("one"), root.resolve("bin/llm2vec"));
    Files.createSymbolicLink(elsewhere.resolve("two"), Path.of("one"));
    Result result = run(elsewhere.resolve("two"), jdkHome("17"), Map.of(), "--version");
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().contains("--version"), result.out().toString());
  }

  @Test
  void letsConcurrentFirstRunsBuildOnlyOnce() throws Exception {
    buildFourTimesAtOnce(Map.of("TEST_BUILD_SECONDS", "1"));
  }

  @Test
  void locksWithAFolderWhereThereIsNoFlock() throws Exception {
    buildFourTimesAtOnce(Map.of("TEST_BUILD_SECONDS", "1", "PATH", pathWithoutJava()));
    assertFalse(Files.exists(root.resolve("cli/target/launcher/lock.d")));
  }

  @Test
  void asksToRemoveTheLockOfARunThatWasKilled() throws Exception {
    Path lock = Files.createDirectories(root.resolve("cli/target/launcher/lock.d"));
    // No process has this number.
    Files.writeString(lock.resolve("pid"), "99999999\n");
    Result result = run(jdkHome("17"), Map.of("PATH", pathWithoutJava()), "--help");
    assertEquals(1, result.code());
    assertTrue(result.err().contains("delete " + lock.toRealPath()), result.err());
  }

  private void buildFourTimesAtOnce(Map<String, String> environment) throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(start(root.resolve("bin/llm2vec"), jdkHome("17"), environment, "--help"));
    }
    for (Process process : processes) {
      process.getInputStream().readAllBytes();
      assertEquals(0, process.waitFor());
    }
    assertEquals(1, builds());
  }

  @Test
  void startsNothingWhenTheBuildFailsAndTriesAgainNextTime() throws Exception {
    Result failed = run(jdkHome("17"), Map.of("TEST_BUILD_CODE", "1"), "--help");
    assertEquals(1, failed.code());
    assertTrue(failed.err().contains("the build failed"), failed.err());
    assertEquals(List.of(), failed.out());
    assertEquals(0, run(jdkHome("17"), Map.of(), "--help").code());
    assertEquals(2, builds());
  }

  @Test
  void saysWhichJavaIsTooOld() throws Exception {
    jdk("11", "11.0.2", "java.base");
    jdk("8", "1.8.0_312", "");
    for (String version : List.of("11", "8")) {
      Result result = run(jdkHome(version), Map.of("PATH", pathWithoutJava()), "--help");
      assertEquals(1, result.code());
      assertTrue(result.err().contains("needs a JDK of version 17 or newer"), result.err());
      assertTrue(
          result.err().contains("is Java " + ("8".equals(version) ? "1.8.0_312" : "11.0.2")),
          result.err());
    }
  }

  @Test
  void asksForAJdkWhenThereIsOnlyARuntimeToBuildWith() throws Exception {
    Files.delete(jdkHome("17").resolve("bin/javac"));
    Result result = run(jdkHome("17"), Map.of(), "--help");
    assertEquals(1, result.code());
    assertTrue(result.err().contains("without a compiler"), result.err());
  }

  @Test
  void switchesSimdOnWhereLuceneCanUseIt() throws Exception {
    assertFalse(run(jdkHome("17"), Map.of(), "search").out().contains("--add-modules"));
    jdk("21", "21.0.1", "java.base jdk.incubator.vector");
    jdk("25", "25", "java.base jdk.incubator.vector jdk.jartool");
    jdk("26", "26-ea", "java.base");
    List<String> on21 = run(jdkHome("21"), Map.of(), "search").out();
    assertTrue(on21.contains("jdk.incubator.vector"), on21.toString());
    assertFalse(on21.toString().contains("upperJavaFeatureVersion"), on21.toString());
    List<String> on25 = run(jdkHome("25"), Map.of(), "demo").out();
    assertTrue(on25.contains("jdk.incubator.vector"), on25.toString());
    assertTrue(
        on25.contains("-Dorg.apache.lucene.vectorization.upperJavaFeatureVersion=25"),
        on25.toString());
    assertTrue(on25.contains("--enable-native-access=ALL-UNNAMED"), on25.toString());
    // No such module, and a command that does not search: no warning from Java for nothing.
    assertFalse(run(jdkHome("26"), Map.of(), "demo").out().contains("--add-modules"));
    assertFalse(run(jdkHome("25"), Map.of(), "encode").out().contains("--add-modules"));
  }

  @Test
  void letsTheUsersFlagsWin() throws Exception {
    List<String> out =
        run(jdkHome("17"), Map.of("LLM2VEC_JAVA_OPTS", "-Xmx7g -Dx=y"), "search").out();
    assertTrue(out.indexOf("-Xmx7g") > out.indexOf("-Xmx2g"), out.toString());
    assertEquals(
        out.indexOf("io.github.llm2vec.cli.Main") - 1, out.indexOf("-Dx=y"), out.toString());
  }

  @Test
  void keepsNativeLibrariesFromCallingHome() throws Exception {
    List<String> out = run(jdkHome("17"), Map.of(), "encode").out();
    assertTrue(out.contains("OPT_OUT_TRACKING=true DJL_OFFLINE=true"), out.toString());
    List<String> online = run(jdkHome("17"), Map.of("LLM2VEC_DJL_ONLINE", "1"), "encode").out();
    assertTrue(online.contains("OPT_OUT_TRACKING=true DJL_OFFLINE="), online.toString());
  }

  @Test
  void onlyTrainingKeepsFreedMemory() throws Exception {
    String kept = "MALLOC_MMAP_MAX_=0";
    assertTrue(run(jdkHome("17"), Map.of(), "simcse").out().contains(kept));
    assertFalse(run(jdkHome("17"), Map.of(), "encode").out().contains(kept));
    Map<String, String> own = Map.of("MALLOC_MMAP_MAX_", "7");
    assertTrue(run(jdkHome("17"), own, "simcse").out().contains("MALLOC_MMAP_MAX_=7"));
  }

  private int builds() throws IOException {
    return Files.readAllLines(root.resolve("builds")).size();
  }

  private Path jdkHome(String name) {
    return folder.resolve("jdk " + name);
  }

  private void jdk(String name, String version, String modules) throws IOException {
    Path home = Files.createDirectories(jdkHome(name));
    Files.writeString(
        home.resolve("release"),
        "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\nMODULES=\"" + modules + "\"\n");
    Path bin = Files.createDirectories(home.resolve("bin"));
    script(
        bin.resolve("java"),
        """
        echo "OPT_OUT_TRACKING=$OPT_OUT_TRACKING DJL_OFFLINE=$DJL_OFFLINE"
        echo "MALLOC_MMAP_MAX_=$MALLOC_MMAP_MAX_"
        for argument; do printf '%s\\n' "$argument"; done
        """);
    script(bin.resolve("javac"), "exit 0\n");
  }

  /** The tools that the script uses, but neither java nor flock. */
  private String pathWithoutJava() throws IOException {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    String names =
        "sh dirname readlink sed find head cat env mkdir touch rm mv cp basename date ls tr sleep";
    for (String tool : names.split(" ", -1)) {
      Path link = tools.resolve(tool);
      if (!Files.exists(link)) {
        Path usual = Path.of("/usr/bin", tool);
        Files.createSymbolicLink(link, Files.exists(usual) ? usual : Path.of("/bin", tool));
      }
    }
    return tools.toString();
  }

  private Path write(String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private void script(String name, String body) throws IOException {
    script(root.resolve(name), body);
  }

  private static void script(Path file, String body) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + body);
    assertTrue(file.toFile().setExecutable(true));
  }

  private Result run(Path javaHome, Map<String, String> environment, String... arguments)
      throws Exception {
    return run(root.resolve("bin/llm2vec"), javaHome, environment, arguments);
  }

  private Result run(
      Path launcher, Path javaHome, Map<String, String> environment, String... arguments)
      throws Exception {
    Process process = start(launcher, javaHome, environment, arguments);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    return new Result(code, out.lines().toList(), Files.readString(folder.resolve("err")));
  }

  private Process start(
      Path launcher, Path javaHome, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(folder.resolve("err").toFile());
    builder.environment().keySet().removeIf(key -> key.startsWith("LLM2VEC_"));
    builder.environment().remove("DJL_OFFLINE");
    builder.environment().remove("OPT_OUT_TRACKING");
    builder.environment().put("JAVA_HOME", javaHome.toString());
    builder.environment().putAll(environment);
    return builder.start();
  }
}
