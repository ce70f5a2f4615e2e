/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apiguardian.api.API;

/** Who may know whom: dependencies between packages point one way. */
@AnalyzeClasses(packages = "io.github.llm2vec", importOptions = PackageRulesTest.WithoutTests.class)
class PackageRulesTest {

  private static final String ROOT = "io.github.llm2vec.";

  /** ArchUnit's own option knows tests only where no profile has moved the build folder. */
  static final class WithoutTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/test-classes/");
    }
  }

  /**
   * What each package may use of the others, as docs/architecture.md draws it. A package that is
   * missing here fails the test.
   */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          entry("files", Set.of()),
          entry("djl", Set.of()),
          entry("safetensors", Set.of("files")),
          entry("gguf", Set.of("files", "safetensors")),
          entry("hub", Set.of("files")),
          entry("decoder", Set.of("files", "safetensors", "gguf")),
          entry("lora", Set.of("files", "safetensors", "decoder")),
          entry("checkpoint", Set.of("files", "safetensors", "gguf", "hub", "decoder", "lora")),
          entry("tokenizer", Set.of("files", "djl")),
          entry("torch", Set.of("files", "djl", "safetensors", "decoder", "lora")),
          entry(
              "encoder",
              Set.of(
                  "files",
                  "safetensors",
                  "hub",
                  "decoder",
                  "lora",
                  "checkpoint",
                  "tokenizer",
                  "torch")),
          entry(
              "tokenclassification",
              Set.of(
                  "files",
                  "safetensors",
                  "decoder",
                  "checkpoint",
                  "tokenizer",
                  "torch",
                  "encoder")),
          entry("serving", Set.of("tokenizer", "encoder")),
          entry("lucene", Set.of("files", "tokenizer", "encoder")));

  @ArchTest
  static void packagesUseOnlyWhatTheyMay(JavaClasses classes) {
    Map<String, Set<String>> used = new TreeMap<>();
    for (JavaClass user : classes) {
      used.computeIfAbsent(packageOf(user), name -> new TreeSet<>());
      for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (target.getName().startsWith(ROOT) && !packageOf(target).equals(packageOf(user))) {
          used.get(packageOf(user)).add(packageOf(target));
        }
      }
    }
    assertEquals(MAY_USE.keySet(), used.keySet());
    used.forEach(
        (name, targets) -> assertEquals(Set.of(), minus(targets, MAY_USE.get(name)), name));
  }

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.github.llm2vec.(*)..").should().beFreeOfCycles();

  /** Batches are chosen, and metrics kept, without knowing of the queue. */
  @ArchTest
  static final ArchRule PARTS_OF_SERVING_KNOW_NOTHING_OF_THE_QUEUE =
      noClasses()
          .that()
          .resideInAnyPackage("..serving.batching", "..serving.metrics")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..llm2vec.serving");

  @ArchTest
  static final ArchRule BATCHING_KEEPS_NO_METRICS =
      noClasses()
          .that()
          .resideInAPackage("..serving.batching")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..serving.metrics");

  @ArchTest
  static final ArchRule ONE_PACKAGE_TOUCHES_PYTORCH =
      noClasses()
          .that()
          .resideOutsideOfPackage("..llm2vec.torch..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl.pytorch..", "ai.djl.ndarray..", "ai.djl.engine..");

  @ArchTest
  static final ArchRule ONE_CLASS_TOUCHES_THE_TOKENIZERS_LIBRARY =
      noClasses()
          .that()
          .haveNameNotMatching(".*NativeTokenizer(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl.huggingface..");

  @ArchTest
  static final ArchRule LUCENE_STAYS_IN_ITS_PACKAGE =
      noClasses()
          .that()
          .resideInAnyPackage(
              "..files..",
              "..safetensors..",
              "..gguf..",
              "..hub..",
              "..decoder..",
              "..lora..",
              "..checkpoint..",
              "..tokenizer..",
              "..torch..",
              "..encoder..",
              "..tokenclassification..",
              "..serving..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.lucene..");

  @ArchTest
  static final ArchRule NOTHING_PRINTS =
      noClasses()
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");

  @ArchTest
  static void publicApiNamesOnlyPublicApi(JavaClasses classes) {
    Set<String> found = new TreeSet<>();
    for (JavaClass type : classes) {
      if (!isPublicApi(type)) {
        continue;
      }
      for (JavaCodeUnit member : type.getCodeUnits()) {
        if (!member.getModifiers().contains(JavaModifier.PUBLIC)
            || member.isAnnotatedWith(API.class)) {
          continue;
        }
        Set<JavaClass> named = new HashSet<>(member.getRawParameterTypes());
        named.add(member.getRawReturnType());
        named.addAll(member.getExceptionTypes());
        for (JavaClass other : named) {
          JavaClass base = other.getBaseComponentType();
          if (base.getName().startsWith(ROOT) && !isPublicApi(base)) {
            found.add(member.getFullName() + " names " + base.getName());
          }
        }
      }
    }
    assertEquals(Set.of(), found);
  }

  /** Public, with a status of its own, its outer type or its package that is not internal. */
  private static boolean isPublicApi(JavaClass type) {
    if (!type.getModifiers().contains(JavaModifier.PUBLIC)) {
      return false;
    }
    if (type.isAnnotatedWith(API.class)) {
      return type.getAnnotationOfType(API.class).status() != API.Status.INTERNAL;
    }
    Optional<JavaClass> outer = type.getEnclosingClass();
    if (outer.isPresent()) {
      return isPublicApi(outer.get());
    }
    return type.getPackage().isAnnotatedWith(API.class)
        && type.getPackage().getAnnotationOfType(API.class).status() != API.Status.INTERNAL;
  }

  private static String packageOf(JavaClass type) {
    String below = type.getPackageName().substring(ROOT.length());
    int dot = below.indexOf('.');
    return dot < 0 ? below : below.substring(0, dot);
  }

  private static Set<String> minus(Set<String> all, Set<String> allowed) {
    Set<String> rest = new TreeSet<>(all);
    rest.removeAll(allowed);
    return rest;
  }
}
