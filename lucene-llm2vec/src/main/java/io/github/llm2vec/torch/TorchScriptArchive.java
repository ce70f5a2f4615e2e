/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes the TorchScript archive of one class, so that libtorch can load a module that no Python
 * ever saw.
 *
 * <p>The archive is a ZIP file without compression holding
 *
 * <ul>
 *   <li>{@code decoder/data.pkl}: a pickle (protocol 2) of one object of the class {@code
 *       __torch__.Decoder} with its attributes {@code training} (false) and empty lists of tensors,
 *       filled later through methods of the class;
 *   <li>{@code decoder/code/__torch__.py}: the class in serialised TorchScript;
 *   <li>{@code decoder/constants.pkl}: the empty tuple;
 *   <li>{@code decoder/version}: the file format version 10. An older one would select the
 *       operators of that time (3 knows no {@code gelu(approximate)}).
 * </ul>
 */
final class TorchScriptArchive {

  private static final String ROOT = "decoder/";

  private TorchScriptArchive() {}

  /**
   * Builds the archive.
   *
   * @param source the text of {@code class Decoder(Module)}
   * @param lists its attributes of type {@code List[Tensor]}, empty at first
   * @param packed its attributes that are lists of FBGEMM's packed weights
   * @return the bytes of the ZIP file
   */
  static byte[] of(String source, List<String> lists, List<String> packed) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "data.pkl", object(lists, packed));
      store(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      store(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      store(zip, "version", "10\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException("a ZIP in memory cannot fail; this is a bug", e);
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(ROOT + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] object(List<String> lists, List<String> packed) {
    Pickle pickle = new Pickle();
    pickle.bytes(0x80, 2).global("__torch__", "Decoder");
    pickle.bytes(')', 0x81); // EMPTY_TUPLE NEWOBJ: the object, not yet initialised
    pickle.bytes('}', '('); // EMPTY_DICT MARK: its attributes
    pickle.text("training").bytes(0x89); // NEWFALSE
    for (String list : lists) {
      pickle.text(list).global("torch.jit._pickle", "build_tensorlist");
      pickle.bytes(']', 0x85, 'R'); // EMPTY_LIST TUPLE1 REDUCE: build_tensorlist([])
    }
    for (String list : packed) {
      pickle.text(list).global("torch.jit._pickle", "restore_type_tag");
      pickle.bytes(']').text("List[" + FbgemmScript.PACKED + "]").bytes(0x86, 'R'); // TUPLE2
    }
    pickle.bytes('u', 'b', '.'); // SETITEMS BUILD STOP
    return pickle.out.toByteArray();
  }

  /** The few pickle instructions that are needed. */
  private static final class Pickle {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Pickle bytes(int... values) {
      for (int value : values) {
        out.write(value);
      }
      return this;
    }

    Pickle global(String module, String name) {
      out.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    Pickle text(String value) {
      byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
      bytes('X', utf8.length, 0, 0, 0); // BINUNICODE, length little-endian; names are short
      out.writeBytes(utf8);
      return this;
    }
  }
}
