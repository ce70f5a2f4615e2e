/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom: dependencies between packages point one way. */
@AnalyzeClasses(packages = "io.github.llm2vec", importOptions = PackageRulesTest.WithoutTests.class)
class PackageRulesTest {

  /** ArchUnit's own option knows tests only where no profile has moved the build folder. */
  static final class WithoutTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/test-classes/");
    }
  }

  @ArchTest
  static final ArchRule LAYERS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("lucene")
          .definedBy("..llm2vec.lucene..")
          .layer("encoder")
          .definedBy("..llm2vec.encoder..")
          .layer("torch")
          .definedBy("..llm2vec.torch..")
          .layer("model")
          .definedBy("..llm2vec.model..")
          .whereLayer("lucene")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("encoder")
          .mayOnlyBeAccessedByLayers("lucene")
          .whereLayer("torch")
          .mayOnlyBeAccessedByLayers("encoder", "lucene")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("torch", "encoder", "lucene");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.github.llm2vec.(*)..").should().beFreeOfCycles();

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
          .resideInAnyPackage("..model..", "..torch..", "..encoder..")
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
}
