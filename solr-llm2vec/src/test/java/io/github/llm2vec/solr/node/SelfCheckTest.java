/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.pytorch.jni.LibUtils;
import io.github.llm2vec.torch.TorchRuntime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelfCheckTest {

  @TempDir private Path folder;

  @Test
  void saysWhatItFindsAndWhatToDo() throws Exception {
    Files.write(folder.resolve("model.safetensors"), new byte[1000]);
    List<SelfCheck.Finding> findings =
        new SelfCheck(SelfCheckTest.class.getClassLoader(), 23)
            .run(
                List.of(
                    ModelDeclaration.of("here", folder.toString()),
                    ModelDeclaration.of("hub", "some/model")));
    Map<String, SelfCheck.Finding> byName =
        findings.stream().collect(Collectors.toMap(SelfCheck.Finding::name, Function.identity()));
    assertEquals(
        List.of(
            "class loader",
            "security manager",
            "SIMD",
            "engine",
            "memory",
            "model here",
            "model hub"),
        findings.stream().map(SelfCheck.Finding::name).toList());
    assertEquals("none", byName.get("security manager").text());
    assertTrue(byName.get("engine").text().contains("PyTorch 2."), byName.get("engine").text());
    assertTrue(byName.get("model here").good());
    assertTrue(byName.get("model here").text().contains("weights of 0.0 GiB"));
    assertTrue(byName.get("model hub").text().contains("it may be a hub id"));
    if (Runtime.version().feature() < 20) {
      assertFalse(byName.get("SIMD").good());
      assertTrue(byName.get("SIMD").text().contains("--add-modules jdk.incubator.vector"));
    }
  }

  @Test
  void threadsThatSpinForLongAreNamed() {
    String advice = SelfCheck.spinning(Map.of(), 8).orElseThrow();
    assertTrue(advice.contains("GOMP_SPINCOUNT=10000"), advice);
    assertEquals(Optional.empty(), SelfCheck.spinning(Map.of(), 1));
    assertEquals(Optional.empty(), SelfCheck.spinning(Map.of("GOMP_SPINCOUNT", "10000"), 8));
  }

  /** Prints what a check finds in a JVM of its own. */
  static final class Check {
    private Check() {}

    /** The argument is the folder of a model. */
    public static void main(String[] arguments) {
      try {
        TorchRuntime.start();
      } catch (IllegalStateException e) {
        // A model is opened at the same time: the reason must be told the second time, too.
        System.err.println("not started");
      }
      new SelfCheck(Check.class.getClassLoader(), 23)
          .run(List.of(ModelDeclaration.of("here", arguments[0])))
          .forEach(finding -> System.err.println("found: " + finding));
      Runtime.getRuntime().halt(0);
    }
  }

  /** Starts a JVM and hands on what the check says there, by name. */
  private Map<String, String> checkElsewhere(String... flags) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(
        List.of(
            "-Dai.djl.offline=true",
            "-cp",
            System.getProperty("java.class.path"),
            Check.class.getName(),
            folder.toString()));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(3, TimeUnit.MINUTES));
    } finally {
      process.destroyForcibly();
    }
    Map<String, String> found = new LinkedHashMap<>();
    for (String line : Files.readAllLines(output)) {
      if (line.startsWith("found: ")) {
        found.put(line.substring(7, 23).strip(), line.substring(24).strip());
      }
    }
    assertEquals(
        List.of("class loader", "security manager", "SIMD", "engine", "memory", "model here"),
        List.copyOf(found.keySet()),
        Files.readString(output));
    return found;
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aLibraryThatIsMissingIsNamedAndEverythingElseIsStillLookedAt() throws Exception {
    TorchRuntime.start();
    Path whole = Path.of(LibUtils.getLibtorchPath()).resolve("libtorch.so");
    Path part = Files.createDirectories(folder.resolve("part"));
    Files.copy(whole, part.resolve("libtorch.so"));
    String engine =
        checkElsewhere("-DPYTORCH_LIBRARY_PATH=" + part, "-DPYTORCH_VERSION=2.7.1").get("engine");
    // What libtorch.so itself needs is not in that folder, as a driver's libcuda.so.1 may not be.
    assertTrue(engine.startsWith("!"), engine);
    assertTrue(
        Pattern.compile("lib\\w+\\.so[.\\d]*: cannot open shared object file")
            .matcher(engine)
            .find(),
        engine);
  }

  /** A download that broke off, and a folder that holds something else. */
  @ParameterizedTest
  @EnabledOnOs(OS.LINUX)
  @ValueSource(strings = {"", "this is no library"})
  void aLibraryThatIsDamagedIsNamedAndEverythingElseIsStillLookedAt(String bytes) throws Exception {
    Path broken = Files.createDirectories(folder.resolve("broken"));
    for (String name : List.of("libtorch.so", "libtorch_cpu.so", "libc10.so")) {
      Files.writeString(broken.resolve(name), bytes);
    }
    String engine =
        checkElsewhere("-DPYTORCH_LIBRARY_PATH=" + broken, "-DPYTORCH_VERSION=2.7.1").get("engine");
    assertTrue(engine.startsWith("!"), engine);
    assertTrue(engine.contains(broken + "/lib"), engine);
    assertTrue(engine.contains("file too short") || engine.contains("invalid ELF"), engine);
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23)
  void aSecurityManagerIsNamedAndEverythingElseIsStillLookedAt() throws Exception {
    Path policy = folder.resolve("policy");
    // As Solr's own: files and properties, but no native libraries.
    Files.writeString(
        policy,
        """
        grant {
          permission java.io.FilePermission "<<ALL FILES>>", "read,write,delete";
          permission java.util.PropertyPermission "*", "read,write";
          permission java.lang.RuntimePermission "getenv.*";
          permission java.lang.RuntimePermission "setContextClassLoader";
          permission java.lang.RuntimePermission "getClassLoader";
          permission java.lang.RuntimePermission "createClassLoader";
          permission java.lang.RuntimePermission "accessDeclaredMembers";
          permission java.lang.RuntimePermission "accessClassInPackage.*";
          permission java.lang.RuntimePermission "exitVM.*";
          permission java.lang.RuntimePermission "setIO";
          permission java.lang.RuntimePermission "getStackWalkerWithClassReference";
          permission java.lang.RuntimePermission "modifyThread";
          permission java.lang.RuntimePermission "shutdownHooks";
          permission java.lang.RuntimePermission "accessUserInformation";
          permission java.lang.RuntimePermission "fileSystemProvider";
          permission java.lang.reflect.ReflectPermission "suppressAccessChecks";
          permission java.lang.management.ManagementPermission "monitor";
          permission javax.management.MBeanServerPermission "*";
          permission javax.management.MBeanPermission "*", "*";
          permission javax.management.MBeanTrustPermission "*";
        };
        """);
    Map<String, String> found =
        checkElsewhere("-Djava.security.manager", "-Djava.security.policy==" + policy);
    assertTrue(
        found.get("security manager").contains("SOLR_SECURITY_MANAGER_ENABLED=false"),
        found.toString());
    assertTrue(found.get("engine").startsWith("!"), found.toString());
    assertTrue(found.get("engine").contains("access denied"), found.toString());
    assertTrue(found.get("engine").contains("loadLibrary"), found.toString());
  }
}
