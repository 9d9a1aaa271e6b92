import Values

/// Collects bytes as a socket delivers them, and hands out whole frames.
public struct FrameBuffer {
  /// A frame larger than this is a broken conversation, not a message.
  public static let maximumFrame = 256 << 20

  private var bytes: [UInt8] = []

  public init() {}

  public mutating func append(_ chunk: UnsafeRawBufferPointer) { bytes.append(contentsOf: chunk) }

  /// Calls `body` with each whole frame that has come, in order, and forgets them.
  public mutating func takeFrames(
    _ body: (inout ByteReader) throws(MalformedBytes) -> Void
  ) throws(MalformedBytes) {
    let whole: Result<Int, MalformedBytes> = bytes.withUnsafeBytes { buffer in
      var start = 0
      do throws(MalformedBytes) {
        while buffer.count - start >= 4 {
          let length = Int(UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
          guard length <= Self.maximumFrame else { throw MalformedBytes("a frame of \(length) bytes") }
          guard buffer.count - start - 4 >= length else { break }
          var reader = ByteReader(UnsafeRawBufferPointer(rebasing: buffer[start + 4..<start + 4 + length]))
          try body(&reader)
          start += 4 + length
        }
        return .success(start)
      } catch { return .failure(error) }
    }
    bytes.removeFirst(try whole.get())
  }
}
