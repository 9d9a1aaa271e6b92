import AsyncHTTPClient
import NIOCore
import Values
import WebClient

/// What a request sends: bytes and files, one after the other. Files are read while they are sent.
struct HTTPBody: Sendable {
  enum Piece: Sendable {
    case bytes([UInt8])
    case file(JobPath)
  }

  var pieces: [Piece]
  /// The content type, where the way in which the body was given tells it.
  var type: String?

  var files: [JobPath] {
    pieces.compactMap { if case .file(let path) = $0 { path } else { nil } }
  }

  /// The body with the sizes of its files, looked up now: the server is told the length before the first byte.
  func measured() async throws(Trouble) -> MeasuredBody {
    var sized: [MeasuredBody.Piece] = []
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): sized.append(.init(content: piece, size: bytes.count))
      case .file(let path):
        let size = try await BlockingWork.value { Self.size(of: path) }
        sized.append(.init(content: piece, size: size))
      }
    }
    return MeasuredBody(pieces: sized)
  }

  private static func size(of path: JobPath) -> Result<Int, Trouble> {
    do throws(Trouble) {
      // A piece is read to find out whether it can be, and whether its size is what the system says it is.
      let file = try InputFile(path, for: "read")
      let size = Int(file.status.st_size)
      if size == 0, try file.next() != nil {
        throw Trouble(
          "cannot send \(path.given): its size is not known before it is read (fs.copy makes a file of it)")
      }
      return .success(size)
    } catch {
      return .failure(error)
    }
  }
}

/// A body of known length, which can be sent several times.
struct MeasuredBody: Sendable {
  struct Piece: Sendable {
    let content: HTTPBody.Piece
    let size: Int
  }

  let pieces: [Piece]

  /// The body as the client takes it. A large one that is on its way is noted as progress.
  func clientBody(noting progress: HTTPProgress) -> HTTPClientRequest.Body {
    if pieces.count == 1, case .bytes(let bytes) = pieces[0].content {
      return .bytes(ByteBuffer(bytes: bytes))
    }
    let length = pieces.reduce(0) { $0 + $1.size }
    return .stream(PieceReader(pieces: pieces, progress: progress), length: .known(Int64(length)))
  }
}

/// Gives the bytes of a body's pieces in turn; of files, never more than a chunk is in memory.
private struct PieceReader: AsyncSequence, AsyncIteratorProtocol, Sendable {
  typealias Element = ByteBuffer

  private static let chunk = 256 << 10

  var pieces: [MeasuredBody.Piece]
  private let progress: HTTPProgress
  private var offset = 0

  init(pieces: [MeasuredBody.Piece], progress: HTTPProgress) {
    self.pieces = pieces
    self.progress = progress
  }

  func makeAsyncIterator() -> PieceReader { self }

  mutating func next() async throws -> ByteBuffer? {
    progress.note()
    while let piece = pieces.first {
      guard offset < piece.size else {
        pieces.removeFirst()
        offset = 0
        continue
      }
      switch piece.content {
      case .bytes(let bytes):
        offset = bytes.count
        return ByteBuffer(bytes: bytes)
      case .file(let path):
        let (start, limit) = (offset, Swift.min(Self.chunk, piece.size - offset))
        let bytes = try await BlockingWork.value {
          do throws(Trouble) {
            return .success(try FileSystem.read(path, offset: start, limit: limit))
          } catch {
            return .failure(error)
          }
        }
        guard !bytes.isEmpty else {
          throw HTTPTrouble("\(path.given) became shorter while it was sent")
        }
        offset += bytes.count
        try await HTTPRequest.letChunksGo()
        return ByteBuffer(bytes: bytes)
      }
    }
    return nil
  }
}

extension HTTPBody {
  /// A form with files (RFC 7578).
  ///
  /// - Parameter boundary: Stands between the parts, and must be in none of them.
  static func multipart(_ parts: [HTTPFormPart], boundary: String) -> HTTPBody {
    var pieces: [Piece] = []
    for part in parts {
      var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(quoted(part.name))\""
      if let file = part.fileName { head += "; filename=\"\(quoted(file))\"" }
      if let type = part.type { head += "\r\nContent-Type: \(type)" }
      pieces += [.bytes(Array((head + "\r\n\r\n").utf8)), part.content, .bytes(Array("\r\n".utf8))]
    }
    pieces.append(.bytes(Array("--\(boundary)--\r\n".utf8)))
    return HTTPBody(pieces: pieces, type: "multipart/form-data; boundary=\(boundary)")
  }

  /// As browsers write names: the three characters that would end one are escaped.
  private static func quoted(_ text: String) -> String {
    text.replacing("\"", with: "%22").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }
}

/// One part of a form with files.
struct HTTPFormPart: Sendable {
  var name: String
  var fileName: String?
  var type: String?
  var content: HTTPBody.Piece
}
