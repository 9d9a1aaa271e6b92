import LuaHost
import NIOHTTP1
import Values
import WebClient

/// A request as a script described it, checked.
struct HTTPPlan: Sendable {
  let address: HTTPAddress
  let method: String
  let headers: HTTPHeaders
  let body: HTTPBody?
  /// For the whole exchange, in seconds; `nil` where only standstill ends it.
  let timeout: Double?
  let retries: Int
  /// Where the body goes instead of into memory.
  let file: JobPath?
  /// Certificates to trust instead of the system's.
  let authorityFile: String?

  /// How long an exchange without a `timeout` of its own may stand still, in seconds.
  static let standstillLimit = 30.0

  static let options = [
    "url", "method", "headers", "query", "json", "form", "multipart", "body", "from_file", "timeout",
    "retries", "to_file", "ca_file",
  ]
  private static let contents = ["body", "json", "form", "multipart", "from_file"]

  /// Whether making the request twice does no more than making it once (RFC 9110, 9.2.2), or whether the
  /// server was told how to find that out.
  var isRepeatable: Bool {
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method)
      || headers.contains(name: "idempotency-key")
  }

  /// - Parameters:
  ///   - url: The first argument of `get` and `post`; `nil` for `request`, which has it among its options.
  ///   - method: What the function's name says, or `nil`.
  ///   - folder: The job's, for relative paths.
  init(
    _ options: Options, url: DataValue?, method fixedMethod: String?, folder: String
  ) throws(Misuse) {
    if url != nil, options.has("url") { throw options.misuse("the url is given twice") }
    if fixedMethod != nil, options.has("method") {
      throw options.misuse("the method is \(fixedMethod ?? ""); http.request takes any other")
    }
    let target = url ?? options["url"]
    if case .bytes = target { throw options.misuse("url has bytes in it that are not UTF-8") }
    guard case .string(let text) = target else {
      throw options.misuse("url must be a string, not \(describe(target))")
    }
    let query = try Self.pairs(options, "query")
    do throws(HTTPAddress.Problem) {
      address = try HTTPAddress(text, query: query)
    } catch {
      throw options.misuse(error.text)
    }
    body = try Self.content(options, folder)
    let chosen = try Self.method(options)
    method = fixedMethod ?? chosen ?? (body == nil ? "GET" : "POST")
    headers = try Self.headers(options, contentType: body?.type)
    timeout = try options.seconds("timeout")
    retries = try options.count("retries", in: 0...100) ?? 0
    file = try Self.path(options, "to_file", folder)
    authorityFile = try Self.path(options, "ca_file", folder).map {
      String(decoding: $0.bytes, as: UTF8.self)
    }
  }

  private static func path(_ options: Options, _ name: String, _ folder: String) throws(Misuse) -> JobPath? {
    guard let path = try options.bytes(name) else { return nil }
    return try JobPath(path, in: folder, of: options.function, name: name)
  }

  /// What a job must be allowed to do for it.
  var needs: [Capability] {
    let read = (body?.files.map(\.bytes) ?? []) + (authorityFile.map { [Array($0.utf8)] } ?? [])
    return [Capability(.http, address.authority)] + read.map { Capability(.read, path: $0) }
      + (file.map { [Capability(.write, path: $0.bytes)] } ?? [])
  }

  private static func method(_ options: Options) throws(Misuse) -> String? {
    guard let method = try options.text("method") else { return nil }
    guard !method.isEmpty, method.utf8.allSatisfy({ isTokenByte($0) }) else {
      throw options.misuse("method \(describe(.string(method))) is not a name like GET or PUT")
    }
    return method.uppercased()
  }

  /// What to send, given in one of several ways.
  private static func content(_ options: Options, _ folder: String) throws(Misuse) -> HTTPBody? {
    let given = contents.filter { options.has($0) }
    guard given.count <= 1 else {
      throw options.misuse("give one of \(given.joined(separator: " and ")), not both")
    }
    switch given.first {
    case "json":
      do {
        return HTTPBody(pieces: [.bytes(Array(try options["json"].json().utf8))], type: "application/json")
      } catch {
        throw options.misuse("json: \(error)")
      }
    case "form":
      let fields = try pairs(options, "form")
      let text = fields.map { PercentEncoding.formField($0) + "=" + PercentEncoding.formField($1) }
      return HTTPBody(
        pieces: [.bytes(Array(text.joined(separator: "&").utf8))], type: "application/x-www-form-urlencoded")
    case "multipart":
      let boundary = "almanac-" + String(UInt64.random(in: .min ... .max), radix: 36)
      return .multipart(try parts(options, folder), boundary: boundary)
    case "from_file":
      return try path(options, "from_file", folder).map { HTTPBody(pieces: [.file($0)]) }
    default: return try options.bytes("body").map { HTTPBody(pieces: [.bytes($0)]) }
    }
  }

  /// The parts of a form with files: a value is a text, or a table with `file` or `data`, or a list of such.
  private static func parts(_ options: Options, _ folder: String) throws(Misuse) -> [HTTPFormPart] {
    guard let table = try options.table("multipart") else { return [] }
    var parts: [HTTPFormPart] = []
    for (name, value) in table.fields.sorted(by: { $0.key < $1.key }) {
      let values: [DataValue] =
        if let list = value.asTable, list.fields.isEmpty { list.items } else { [value] }
      for value in values { parts.append(try part(name, value, options, folder)) }
    }
    return parts
  }

  private static func part(
    _ name: String, _ value: DataValue, _ options: Options, _ folder: String
  ) throws(Misuse) -> HTTPFormPart {
    if let bytes = LuaText.bytes(value) { return HTTPFormPart(name: name, content: .bytes(bytes)) }
    guard value.asTable != nil else {
      throw options.misuse(
        "multipart.\(name) must be a string, or a table like { file = \"report.csv\" }, not \(describe(value))"
      )
    }
    let place = "\(options.function): multipart.\(name)"
    let fields = try Options(value, of: place, known: ["file", "data", "name", "type"])
    let type = try fields.text("type")
    guard type?.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) ?? true else {
      throw fields.misuse("type has a character in it that may not be there")
    }
    let given = try fields.text("name")
    switch (try path(fields, "file", folder), try fields.bytes("data")) {
    case (let file?, nil):
      let ownName = file.given.split(separator: "/").last.map(String.init) ?? file.given
      return HTTPFormPart(
        name: name, fileName: given ?? ownName, type: type ?? "application/octet-stream", content: .file(file)
      )
    case (nil, let data?): return HTTPFormPart(name: name, fileName: given, type: type, content: .bytes(data))
    default: throw fields.misuse("give one of file and data")
    }
  }

  private static func headers(_ options: Options, contentType: String?) throws(Misuse) -> HTTPHeaders {
    let given = try pairs(options, "headers")
    for (name, value) in given {
      guard !name.isEmpty, name.utf8.allSatisfy({ isTokenByte($0) }) else {
        throw options.misuse("\(describe(.string(name))) is not the name of a header")
      }
      guard !value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7f }) else {
        throw options.misuse("the header \(name) has a line break or another control character in it")
      }
    }
    var headers = HTTPHeaders(given)
    let defaults = [
      ("User-Agent", "almanac"), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"),
      ("Content-Type", contentType),
    ]
    for case (let name, let value?) in defaults where !headers.contains(name: name) {
      headers.add(name: name, value: value)
    }
    return headers
  }

  /// Names and values in order of the names; a list of values gives the name several times.
  private static func pairs(_ options: Options, _ name: String) throws(Misuse) -> [(String, String)] {
    guard let table = try options.table(name) else { return [] }
    var pairs: [(String, String)] = []
    for (key, value) in table.fields.sorted(by: { $0.key < $1.key }) {
      let values: [DataValue] =
        if let list = value.asTable, list.fields.isEmpty { list.items } else { [value] }
      for value in values {
        switch value {
        case .null: continue
        case .bool(let flag): pairs.append((key, "\(flag)"))
        default:
          guard let bytes = LuaText.bytes(value) else {
            throw options.misuse("\(name).\(key) must be a string or a number, not \(describe(value))")
          }
          pairs.append((key, String(decoding: bytes, as: UTF8.self)))
        }
      }
    }
    return pairs
  }

  /// What may stand in the name of a method or header (RFC 9110, 5.6.2).
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
