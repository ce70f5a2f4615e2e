/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.sun.management.OperatingSystemMXBean;
import io.github.llm2vec.files.FailureReasons;
import io.github.llm2vec.torch.TorchRuntime;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Start-up check of what the plugin runs in, so that one block of the log says why something is
 * slow or does not work. Finds out only; refuses nothing.
 *
 * @param plugin the loader of the plugin's classes
 * @param lastSimdJava the newest Java on which the running Lucene uses the vector API unasked
 */
record SelfCheck(ClassLoader plugin, int lastSimdJava) {

  /**
   * Something found.
   *
   * @param name what was looked at
   * @param good whether it is as it should be
   * @param text what was found, and what to do about it
   */
  record Finding(String name, boolean good, String text) {

    @Override
    public String toString() {
      return "%-16s %s %s".formatted(name, good ? " " : "!", text);
    }
  }

  /** Java releases on which Lucene 9.12 and 10.3 use the vector API without further switches. */
  private static final int FIRST_SIMD_JAVA = 20;

  private static final String SIMD_LIMIT =
      "org.apache.lucene.vectorization.upperJavaFeatureVersion";

  private static final double GIB = 1L << 30;

  private static final String WAITS = "OMP_WAIT_POLICY";
  private static final String SPINS = "GOMP_SPINCOUNT";

  /**
   * Looks at everything, and throws nothing; starts the engine for that, which unpacks libtorch the
   * first time.
   */
  List<Finding> run(Collection<ModelDeclaration> models) {
    List<Finding> findings = new ArrayList<>();
    findings.add(look("class loader", this::classLoader));
    findings.add(look("security manager", SelfCheck::securityManager));
    findings.add(look("SIMD", this::simd));
    findings.add(look("engine", SelfCheck::engine));
    findings.add(look("memory", SelfCheck::memory));
    models.forEach(model -> findings.add(look("model " + model.name(), () -> model(model))));
    return findings;
  }

  /**
   * Looks at one thing. Whatever that throws is what was found: where native code may not be loaded
   * or a file not be looked at, the others are worth knowing all the more.
   */
  private static Finding look(String name, Supplier<Finding> look) {
    try {
      return look.get();
    } catch (RuntimeException | LinkageError e) {
      return new Finding(name, false, FailureReasons.of(e));
    }
  }

  private Finding classLoader() {
    return new Finding("class loader", true, "one for the node: " + plugin);
  }

  // Java before 24 may have one, and there is no other way to ask.
  @SuppressWarnings("removal")
  private static Finding securityManager() {
    boolean none = System.getSecurityManager() == null;
    return new Finding(
        "security manager",
        none,
        none
            ? "none"
            : "on: it forbids to load libtorch and to read models outside Solr's folders; set"
                + " SOLR_SECURITY_MANAGER_ENABLED=false");
  }

  private Finding simd() {
    int java = Runtime.version().feature();
    boolean module = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    int last = Integer.getInteger(SIMD_LIMIT, lastSimdJava);
    boolean good = module && java >= FIRST_SIMD_JAVA && java <= last;
    String text;
    if (good) {
      text = "Lucene may use the vector API of Java " + java;
    } else if (java < FIRST_SIMD_JAVA) {
      text =
          "Lucene compares vectors one number at a time on Java %s; three times faster on Java 21"
                  .formatted(java)
              + " with --add-modules jdk.incubator.vector";
    } else {
      text =
          "Lucene compares vectors one number at a time; start Java with --add-modules"
              + " jdk.incubator.vector"
              + (java > last ? " -D" + SIMD_LIMIT + "=" + java : "");
    }
    return new Finding("SIMD", good, text);
  }

  private static Finding engine() {
    String found = TorchRuntime.describe();
    if (TorchRuntime.gpuCount() > 0) {
      return new Finding("engine", true, found);
    }
    boolean device = Files.exists(Path.of("/dev/nvidia0"));
    Optional<String> spinning = spinning(System.getenv(), TorchRuntime.threads());
    return new Finding(
        "engine",
        !device && spinning.isEmpty(),
        found
            + spinning.map(advice -> "; " + advice).orElse("")
            + (device
                ? "; there is /dev/nvidia0, but this libtorch has no CUDA: see docs/solr.md for"
                    + " PYTORCH_LIBRARY_PATH"
                : "; no NVIDIA device is to be seen (/dev/nvidia0)"));
  }

  /** What to set where the threads of a CPU wait for one another in libtorch's own way. */
  static Optional<String> spinning(Map<String, String> environment, int threads) {
    return threads == 1 || environment.containsKey(SPINS) || environment.containsKey(WAITS)
        ? Optional.empty()
        : Optional.of(
            "its threads spin for milliseconds while they wait, which holds up a busy machine: set %s=PASSIVE and %s=10000"
                .formatted(WAITS, SPINS));
  }

  private static Finding memory() {
    return new Finding(
        "memory",
        true,
        "heap up to %s, of which models need little; outside it %s of %s are free"
            .formatted(
                gib(Runtime.getRuntime().maxMemory()),
                gib(system().getFreeMemorySize()),
                gib(system().getTotalMemorySize())));
  }

  private static Finding model(ModelDeclaration model) {
    String name = "model " + model.name();
    if (!model.isHere()) {
      return new Finding(name, true, "encoded by other nodes; takes no memory here");
    }
    try {
      long bytes = weightsBytes(Path.of(model.model()));
      if (bytes == 0) {
        return new Finding(
            name, true, model.model() + " is no folder with weights here; it may be a hub id");
      }
      // Page cache is given up for a model, so the total decides.
      boolean fits = onGpu(model) || bytes <= system().getTotalMemorySize();
      return new Finding(
          name,
          fits,
          "%s: weights of %s, to be held on %s as %s"
                  .formatted(
                      model.model(),
                      gib(bytes),
                      model.devices().isEmpty() ? "cpu" : String.join(" and ", model.devices()),
                      model.dtype().isEmpty() ? "float32" : model.dtype())
              + (fits ? "" : ", which is more than this machine has"));
    } catch (IOException | InvalidPathException e) {
      return new Finding(name, false, model.model() + " cannot be looked at: " + e.getMessage());
    }
  }

  private static boolean onGpu(ModelDeclaration model) {
    return !model.devices().isEmpty()
        && model.devices().stream().allMatch(device -> device.startsWith("cuda"));
  }

  private static long weightsBytes(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    long bytes = 0;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".safetensors")).toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }

  private static OperatingSystemMXBean system() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
  }
}
