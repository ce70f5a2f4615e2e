/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/** Sends what a server logs to a file, away from the terminal. */
public final class SolrLog {

  private static final String APPENDER = "file";
  private static final String PATTERN = "%d{ISO8601} %-5p (%t) %c{1} %m%n";

  private SolrLog() {}

  /**
   * Makes all loggers of this process write to a file from now on, and to nothing else. What the
   * libraries tell the logging of the JDK, which is about parts of Solr that are not used here, is
   * dropped.
   *
   * @param file the file; it and its folders are made, lines are added to one that is there
   */
  public static void toFile(Path file) {
    ConfigurationBuilder<BuiltConfiguration> builder =
        ConfigurationBuilderFactory.newConfigurationBuilder();
    AppenderComponentBuilder appender =
        builder
            .newAppender(APPENDER, "File")
            .addAttribute("fileName", file.toString())
            .add(builder.newLayout("PatternLayout").addAttribute("pattern", PATTERN));
    builder
        .setStatusLevel(Level.ERROR)
        .add(appender)
        .add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef(APPENDER)));
    Configurator.reconfigure(builder.build(false));
    java.util.logging.LogManager.getLogManager().reset();
  }
}
