/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * Checks what the package-infos of all modules promise: dependencies point one way. The packages of
 * the library itself are checked more closely by the test of the same name there.
 */
@AnalyzeClasses(packages = "io.github.llm2vec", importOptions = ModuleRulesTest.WithoutTests.class)
class ModuleRulesTest {

  /** ArchUnit's own option knows tests only where no profile has moved the build folder. */
  static final class WithoutTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("/test-classes/");
    }
  }

  private static final String[] LIBRARY = {
    "io.github.llm2vec.files..",
    "io.github.llm2vec.djl..",
    "io.github.llm2vec.safetensors..",
    "io.github.llm2vec.gguf..",
    "io.github.llm2vec.hub..",
    "io.github.llm2vec.decoder..",
    "io.github.llm2vec.lora..",
    "io.github.llm2vec.checkpoint..",
    "io.github.llm2vec.tokenizer..",
    "io.github.llm2vec.torch..",
    "io.github.llm2vec.encoder..",
    "io.github.llm2vec.tokenclassification..",
    "io.github.llm2vec.serving..",
    "io.github.llm2vec.lucene.."
  };

  private static final String SOLR = "io.github.llm2vec.solr..";
  private static final String TRAINER = "io.github.llm2vec.trainer..";
  private static final String MINI = "io.github.llm2vec.mini..";
  private static final String CLI = "io.github.llm2vec.cli..";

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.github.llm2vec.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THE_LIBRARY_KNOWS_NO_OTHER_MODULE =
      noClasses()
          .that()
          .resideInAnyPackage(LIBRARY)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(SOLR, TRAINER, MINI, CLI, "org.apache.solr..");

  @ArchTest
  static final ArchRule THE_PLUGIN_KNOWS_THE_LIBRARY_ONLY =
      noClasses()
          .that()
          .resideInAPackage(SOLR)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(TRAINER, MINI, CLI);

  @ArchTest
  static final ArchRule THE_TRAINER_KNOWS_THE_LIBRARY_ONLY =
      noClasses()
          .that()
          .resideInAPackage(TRAINER)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(SOLR, MINI, CLI, "org.apache.solr..");

  @ArchTest
  static final ArchRule UPDATES_AND_QUERIES_DO_NOT_KNOW_EACH_OTHER =
      noClasses()
          .that()
          .resideInAPackage("io.github.llm2vec.solr.update..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.github.llm2vec.solr.query..");

  @ArchTest
  static final ArchRule QUERIES_DO_NOT_KNOW_UPDATES =
      noClasses()
          .that()
          .resideInAPackage("io.github.llm2vec.solr.query..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.github.llm2vec.solr.update..");

  @ArchTest
  static final ArchRule A_CHANGE_OF_MODEL_KNOWS_SOLRJ_ONLY =
      noClasses()
          .that()
          .resideInAPackage("io.github.llm2vec.solr.reembed..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.github.llm2vec.encoder..",
              "io.github.llm2vec.serving..",
              "io.github.llm2vec.torch..",
              "io.github.llm2vec.solr.node..",
              "io.github.llm2vec.solr.remote..",
              "io.github.llm2vec.solr.query..");

  @ArchTest
  static final ArchRule CONFIGURATION_AND_DATA_KNOW_NO_TENSORS =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.github.llm2vec.trainer.config..",
              "io.github.llm2vec.trainer.data..",
              "io.github.llm2vec.trainer.dataloader..",
              "io.github.llm2vec.trainer.optim..",
              "io.github.llm2vec.trainer.mteb.metrics..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.github.llm2vec.torch..", "io.github.llm2vec.trainer.loop..");

  @ArchTest
  static final ArchRule WHAT_COMMANDS_SHARE_KNOWS_NO_COMMAND =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.github.llm2vec.cli.console..",
              "io.github.llm2vec.cli.progress..",
              "io.github.llm2vec.cli.text..",
              "io.github.llm2vec.cli.vector..",
              "io.github.llm2vec.cli.solr..")
          .should()
          .dependOnClassesThat()
          .haveSimpleNameEndingWith("Command");

  @ArchTest
  static final ArchRule COMMANDS_PRINT_TO_THEIR_CONSOLE =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName("io.github.llm2vec.cli.Main")
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");
}
