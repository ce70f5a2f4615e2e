/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini;

import io.github.llm2vec.checkpoint.BundledModel;
import io.github.llm2vec.files.CacheFolder;
import io.github.llm2vec.files.ModelUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The mini model of this project: a Llama of some seven million weights that knows English and was
 * trained to find texts. It lies in this jar as an ordinary checkpoint and is unpacked once, into a
 * folder that is named after the hash of its contents; from then on it is a model like any other.
 */
public final class MiniModel implements BundledModel {

  /** What the model is called where a folder or a hub id could stand. */
  public static final String NAME = "mini";

  /** The checkpoint, in the layout of Hugging Face; the last is the model card. */
  static final List<String> FILES =
      List.of(
          "config.json",
          "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "llm2vec_config.json",
          "README.md");

  private final Path cache;

  /** A model that is unpacked into the user's cache: see {@link CacheFolder}. */
  public MiniModel() {
    this(CacheFolder.of(System.getenv(), Path.of(System.getProperty("user.home", "."))));
  }

  /**
   * A model that is unpacked below a folder.
   *
   * @param cache made if it is not there
   */
  public MiniModel(Path cache) {
    this.cache = cache;
  }

  @Override
  public String name() {
    return NAME;
  }

  /**
   * The folder of the checkpoint, unpacked if it is not there or not what it should be. Several
   * processes may ask at once.
   *
   * @throws ModelUnavailableException if a file is not in the jar, or the folder cannot be written
   */
  @Override
  public Path folder() throws IOException {
    Map<String, URL> contents = new LinkedHashMap<>();
    for (String file : FILES) {
      contents.put(file, resource(file));
    }
    try {
      return new UnpackedFiles(cache.resolve("models"), NAME, contents).folder();
    } catch (IOException e) {
      throw new ModelUnavailableException(
          NAME,
          "cannot be unpacked below " + cache + ": " + e,
          "Make that folder writable, or name another one in " + CacheFolder.VARIABLE,
          e);
    }
  }

  private static URL resource(String file) throws ModelUnavailableException {
    URL found = MiniModel.class.getResource("checkpoint/" + file);
    if (found == null) {
      throw new ModelUnavailableException(
          NAME,
          "was built without its file checkpoint/" + file,
          "Place the checkpoint into llm2vec-mini/src/main/resources and build again, or name"
              + " another model");
    }
    return found;
  }

  /** The model card: what the model is made of and may be used for. */
  public static InputStream card() throws IOException {
    return resource("README.md").openStream();
  }
}
