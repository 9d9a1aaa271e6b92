import AsyncHTTPClient
import CZlib
import NIOCore

/// The body of an answer with its compression undone, a small piece at a time: whatever a server sends, no
/// more of it is in memory than the reader holds.
public struct DecodedBody: AsyncSequence, Sendable {
  private let body: HTTPClientResponse.Body
  private let isCompressed: Bool
  private let place: String

  /// - Parameter address: Where the answer came from, for messages.
  public init(_ response: HTTPClientResponse, from address: HTTPAddress) {
    body = response.body
    place = address.authority
    let encoding = response.headers.first(name: "content-encoding")?.lowercased()
    isCompressed = encoding.map(["gzip", "x-gzip", "deflate"].contains) ?? false
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(
      base: body.makeAsyncIterator(), inflater: isCompressed ? Inflater() : nil, place: place)
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: HTTPClientResponse.Body.AsyncIterator
    fileprivate let inflater: Inflater?
    fileprivate let place: String

    /// - Throws: ``HTTPTrouble`` for a body that is damaged, and what the client throws.
    public mutating func next() async throws -> ByteBuffer? {
      guard let inflater else { return try await base.next() }
      do {
        while true {
          if let piece = try inflater.next() { return ByteBuffer(bytes: piece) }
          guard let buffer = try await base.next() else {
            guard inflater.isComplete else { throw Inflater.Damaged() }
            return nil
          }
          inflater.feed(Array(buffer.readableBytesView))
        }
      } catch is Inflater.Damaged {
        throw HTTPTrouble("the answer from \(place) is damaged: its compressed body cannot be read")
      }
    }
  }
}

/// Undoes gzip, zlib's format, and deflate without either's header, which some servers send.
private final class Inflater {
  struct Damaged: Error {}

  private static let pieceSize = 64 << 10
  /// gzip or zlib's own, found out by the header; and none.
  private static let (wrapped, raw): (Int32, Int32) = (15 + 32, -15)

  private var stream = z_stream()
  private var input: [UInt8] = []
  private var offset = 0
  private var output = [UInt8](repeating: 0, count: pieceSize)
  private var hasBegun = false
  private var isAtEnd = false
  private var hasMore = false

  init() { start(Self.wrapped) }

  deinit { inflateEnd(&stream) }

  /// Nothing is missing: the end was there, or there was nothing at all.
  var isComplete: Bool { isAtEnd || !hasBegun }

  func feed(_ bytes: [UInt8]) {
    input = bytes
    offset = 0
  }

  /// Some of what the input given so far holds; `nil` when it needs more.
  func next() throws(Damaged) -> [UInt8]? {
    while offset < input.count || hasMore {
      if isAtEnd {
        // Several compressed parts may follow each other (RFC 1952, 2.2); anything else is padding.
        guard input[offset] == 0x1f else {
          offset = input.count
          return nil
        }
        inflateReset(&stream)
        isAtEnd = false
      }
      let isFirst = !hasBegun
      hasBegun = true
      let (status, size) = step()
      switch status {
      case Z_STREAM_END: (isAtEnd, hasMore) = (true, false)
      case Z_OK, Z_BUF_ERROR: break
      case Z_DATA_ERROR where isFirst && size == 0:
        inflateEnd(&stream)
        start(Self.raw)
        offset = 0
        continue
      default: throw Damaged()
      }
      if size > 0 { return Array(output[..<size]) }
    }
    return nil
  }

  private func start(_ window: Int32) {
    stream = z_stream()
    inflateInit2_(&stream, window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  /// Fills the output as far as the input goes.
  private func step() -> (status: Int32, size: Int) {
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress.map { $0 + offset }
        stream.avail_in = UInt32(input.count - offset)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        let status = inflate(&stream, Z_NO_FLUSH)
        offset = input.count - Int(stream.avail_in)
        // A full output may have left more behind in the stream.
        hasMore = stream.avail_out == 0 && status == Z_OK
        return (status, output.count - Int(stream.avail_out))
      }
    }
  }
}
