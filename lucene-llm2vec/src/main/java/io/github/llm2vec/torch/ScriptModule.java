/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A TorchScript module made from text. Owns the native module. Not thread-safe: a decoder calls it
 * from its device thread only.
 */
final class ScriptModule implements AutoCloseable {

  private final PtNDManager manager;
  private final PtSymbolBlock block;

  /**
   * Compiles the text.
   *
   * @param manager parent of everything made for this module; stays open
   * @param source text of {@code class Decoder(Module)}
   * @throws EngineException if libtorch refuses the text; the message holds the line
   */
  ScriptModule(PtNDManager manager, String source) {
    this(manager, source, List.of("w"));
  }

  /**
   * Compiles a text with attributes of its own.
   *
   * @param lists attributes of type {@code List[Tensor]}
   */
  ScriptModule(PtNDManager manager, String source, List<String> lists) {
    this(manager, source, lists, List.of());
  }

  /**
   * Compiles a text with weights that FBGEMM keeps.
   *
   * @param packed attributes that are lists of them
   */
  ScriptModule(PtNDManager manager, String source, List<String> lists, List<String> packed) {
    this.manager = manager;
    try (ByteArrayInputStream archive =
        new ByteArrayInputStream(TorchScriptArchive.of(source, lists, packed))) {
      this.block = JniUtils.loadModule(manager, archive, true, false);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory cannot fail; this is a bug", e);
    }
  }

  /** Opens a scope for the arguments and results of one call. */
  NativeScope scope() {
    return new NativeScope(manager);
  }

  /**
   * Calls a method in inference mode.
   *
   * @param scope owns the result
   */
  IValue call(NativeScope scope, String method, IValue... arguments) {
    return scope.own(IValueUtils.runMethod(block, method, arguments));
  }

  /**
   * Calls a method with autograd. The method takes no arguments, because DJL's path for them frees
   * none when the call fails; it finds them in the module, where {@link #call} left them.
   *
   * @return its result, a tensor, read as a number
   */
  float differentiate(String method) {
    try (PtNDManager local = (PtNDManager) manager.newSubManager()) {
      PtNDArray name = (PtNDArray) local.create(0f);
      name.setName("module_method:" + method);
      return IValueUtils.forward(block, new NDList(name), true).singletonOrThrow().getFloat();
    }
  }

  @Override
  public void close() {
    block.close();
  }
}
