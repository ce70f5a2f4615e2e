/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Tells what a machine lacks for a GPU, for messages: DJL and libtorch only say that there is none.
 *
 * @param environment the variables of the process
 * @param driver a file that is there where NVIDIA's driver is loaded
 */
record GpuSetup(Map<String, String> environment, Path driver) {

  private static final String LIBRARY = "PYTORCH_LIBRARY_PATH";
  private static final String FLAVOR = "PYTORCH_FLAVOR";
  private static final String SEARCHED = "LD_LIBRARY_PATH";

  /** That of this process. */
  static GpuSetup ofProcess() {
    return new GpuSetup(System.getenv(), Path.of("/proc/driver/nvidia/version"));
  }

  /** The first thing that is missing, as a sentence without its full stop. */
  String missing() {
    Optional<Path> library = folder(environment.getOrDefault(LIBRARY, ""));
    if (library.isEmpty()) {
      return LIBRARY
          + " is not set to a folder, and the libtorch of the class path is for the CPU alone";
    }
    if (!has(library.get(), "libtorch_cuda.so")) {
      return LIBRARY + "=" + library.get() + " has no libtorch_cuda.so, so that it is for the CPU";
    }
    String flavor = environment.getOrDefault(FLAVOR, "");
    if (!flavor.startsWith("cu")) {
      return FLAVOR + " is '" + flavor + "', it must be that of DJL's build for CUDA, cu128";
    }
    if (!Files.exists(driver)) {
      return "NVIDIA's driver is not loaded (" + driver + " is not there)";
    }
    boolean runtime =
        Arrays.stream(environment.getOrDefault(SEARCHED, "").split(File.pathSeparator))
            .flatMap(name -> folder(name).stream())
            .anyMatch(folder -> has(folder, "libcudart.so"));
    if (!runtime) {
      return "no folder of " + SEARCHED + " has libcudart.so, by which GPUs are counted";
    }
    return environment.containsKey("CUDA_VISIBLE_DEVICES")
        ? "CUDA_VISIBLE_DEVICES is '" + environment.get("CUDA_VISIBLE_DEVICES") + "'"
        : "the driver may be older than CUDA 12, or hold no GPU for this process";
  }

  private static Optional<Path> folder(String name) {
    try {
      return Optional.of(Path.of(name)).filter(path -> !name.isBlank() && Files.isDirectory(path));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Whether a folder has a library, whatever version is behind its name. */
  private static boolean has(Path folder, String library) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.getFileName().toString().startsWith(library));
    } catch (IOException e) {
      return false;
    }
  }
}
