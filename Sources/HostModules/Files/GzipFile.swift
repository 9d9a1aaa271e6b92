import CZlib
import Glibc

/// Files to gzip and back, piece by piece. Source: RFC 1952, zlib's manual.
enum GzipFile {
  /// Packs a file. The result keeps its mode and time.
  ///
  /// - Parameter level: From 1 (fast) to 9 (small).
  static func pack(
    _ source: JobPath, to destination: JobPath, level: Int, _ cancellation: Cancellation
  ) throws(Trouble) {
    let input = try InputFile(source, for: "pack", hint: " (fs.tar packs it)")
    let output = try AtomicFile(replacing: destination, cancellation)
    defer { output.abandon() }
    let stream = ZlibStream()
    guard
      deflateInit2_(
        stream.state, Int32(level), Z_DEFLATED, ZlibStream.gzip, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        ZlibStream.size) == Z_OK
    else { throw Trouble("cannot pack \(source.given): there is no memory for it") }
    defer { deflateEnd(stream.state) }
    var isLast = false
    while !isLast {
      try cancellation.check()
      let piece = try input.next() ?? []
      isLast = piece.isEmpty
      stream.give(piece)
      repeat {
        let result = stream.step { deflate($0, isLast ? Z_FINISH : Z_NO_FLUSH) }
        guard result != Z_STREAM_ERROR else { throw Trouble("cannot pack \(source.given): zlib refuses it") }
        try output.write(stream.output)
      } while stream.outputIsFull
    }
    try output.commit(mode: input.status.st_mode & 0o7777, modified: input.status.st_mtim)
  }

  /// Unpacks a file. The result keeps its mode and time.
  static func unpack(
    _ source: JobPath, to destination: JobPath, _ cancellation: Cancellation
  ) throws(Trouble) {
    let input = try InputFile(source, for: "unpack")
    let unpacked = try GunzipSource(input)
    let output = try AtomicFile(replacing: destination, cancellation)
    defer { output.abandon() }
    while let piece = try unpacked.next() {
      try cancellation.check()
      try output.write(piece)
    }
    try output.commit(mode: input.status.st_mode & 0o7777, modified: input.status.st_mtim)
  }
}

/// What is packed in a gzip file, of one member or several. Its checksums are checked.
final class GunzipSource: ByteSource {
  private let input: InputFile
  private let stream = ZlibStream()
  private var isInMember = true

  init(_ input: InputFile) throws(Trouble) {
    self.input = input
    guard inflateInit2_(stream.state, ZlibStream.gzip, ZLIB_VERSION, ZlibStream.size) == Z_OK else {
      throw Trouble("cannot unpack \(input.path.given): there is no memory for it")
    }
  }

  deinit { inflateEnd(stream.state) }

  func next() throws(Trouble) -> ArraySlice<UInt8>? {
    while true {
      if !stream.hasInput {
        guard let piece = try input.next() else {
          if isInMember { throw damage("it is cut short") }
          return nil
        }
        stream.give(piece)
      }
      if !isInMember {
        // Tapes fill their blocks with zeros.
        stream.skip(while: { $0 == 0 })
        guard stream.hasInput else { continue }
        inflateReset(stream.state)
        isInMember = true
      }
      switch stream.step({ inflate($0, Z_NO_FLUSH) }) {
      case Z_STREAM_END: isInMember = false
      case Z_OK, Z_BUF_ERROR: break
      case Z_MEM_ERROR: throw damage("there is no memory for it")
      default: throw damage(stream.message ?? "it is damaged")
      }
      if !stream.output.isEmpty { return stream.output }
    }
  }

  private func damage(_ what: String) -> Trouble { Trouble("cannot unpack \(input.path.given): \(what)") }
}

/// zlib's state, and the bytes that go into it and come out.
private final class ZlibStream {
  static let size = Int32(MemoryLayout<z_stream>.size)
  /// The largest window, and gzip's header.
  static let gzip: Int32 = 15 + 16

  /// zlib wants it to stay where it is.
  let state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var input: [UInt8] = []
  private var position = 0
  private var space = [UInt8](repeating: 0, count: InputFile.pieceSize)
  private var outputCount = 0

  init() { state.initialize(to: z_stream()) }

  deinit { state.deallocate() }

  var hasInput: Bool { position < input.count }
  var output: ArraySlice<UInt8> { space[..<outputCount] }
  var outputIsFull: Bool { outputCount == space.count }
  var message: String? { state.pointee.msg.map { String(cString: $0) } }

  func give(_ bytes: ArraySlice<UInt8>) { (input, position) = (Array(bytes), 0) }

  func skip(while isIdle: (UInt8) -> Bool) {
    position = input[position...].firstIndex { !isIdle($0) } ?? input.count
  }

  /// Lets zlib work on what input there is.
  func step(_ work: (UnsafeMutablePointer<z_stream>) -> Int32) -> Int32 {
    let count = input.count - position
    let result = input.withUnsafeMutableBufferPointer { input in
      space.withUnsafeMutableBufferPointer { space in
        state.pointee.next_in = input.baseAddress.map { $0 + position }
        state.pointee.avail_in = UInt32(count)
        state.pointee.next_out = space.baseAddress
        state.pointee.avail_out = UInt32(space.count)
        return work(state)
      }
    }
    position += count - Int(state.pointee.avail_in)
    outputCount = space.count - Int(state.pointee.avail_out)
    return result
  }
}
