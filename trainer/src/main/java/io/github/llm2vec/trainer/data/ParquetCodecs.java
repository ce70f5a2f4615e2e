/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.data;

import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Unpacks the pages of Parquet files without native libraries and without Hadoop's codecs. */
final class ParquetCodecs implements CompressionCodecFactory {

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return switch (codec) {
      case UNCOMPRESSED -> new Unpacker((packed, size) -> packed);
      case SNAPPY -> new Unpacker(blocks(new SnappyDecompressor()));
      case ZSTD -> new Unpacker(blocks(new ZstdDecompressor()));
      case LZ4_RAW -> new Unpacker(blocks(new Lz4Decompressor()));
      case GZIP -> new Unpacker(ParquetCodecs::gunzip);
      case LZO, BROTLI, LZ4 ->
          throw new UnsupportedOperationException(
              codec + " is not read; write the file anew with snappy, zstd or gzip");
    };
  }

  /** Turns packed bytes into a known number of unpacked ones. */
  private interface Unpacking {
    byte[] unpack(byte[] packed, int size) throws IOException;
  }

  private static Unpacking blocks(Decompressor decompressor) {
    return (packed, size) -> {
      byte[] unpacked = new byte[size];
      int length = decompressor.decompress(packed, 0, packed.length, unpacked, 0, size);
      if (length != size) {
        throw new EOFException("a page has " + length + " bytes instead of " + size);
      }
      return unpacked;
    };
  }

  private static byte[] gunzip(byte[] packed, int size) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      byte[] unpacked = in.readNBytes(size);
      if (unpacked.length != size) {
        throw new EOFException("a page has " + unpacked.length + " bytes instead of " + size);
      }
      return unpacked;
    }
  }

  /** The library's form of an {@link Unpacking}. */
  private record Unpacker(Unpacking unpacking) implements BytesInputDecompressor {

    @Override
    public BytesInput decompress(BytesInput packed, int size) throws IOException {
      return BytesInput.from(unpacking.unpack(packed.toInputStream().readAllBytes(), size));
    }

    @Override
    public void decompress(ByteBuffer packed, int packedSize, ByteBuffer unpacked, int size)
        throws IOException {
      byte[] bytes = new byte[packedSize];
      packed.get(bytes);
      unpacked.put(unpacking.unpack(bytes, size));
    }

    @Override
    public void release() {}
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    throw new UnsupportedOperationException("Parquet is only read here; this is a bug");
  }

  @Override
  public void release() {}
}
