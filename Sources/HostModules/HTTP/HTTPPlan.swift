import AsyncHTTPClient
import LuaHost
import Values

/// A request as a script described it, checked.
struct HTTPPlan: Sendable {
  let address: HTTPAddress
  let method: String
  let headers: [(name: String, value: String)]
  let body: [UInt8]?
  /// For the whole exchange, in seconds; `nil` where only standstill ends it.
  let timeout: Double?
  let retries: Int
  /// Where the body goes instead of into memory.
  let file: JobPath?

  /// How long an exchange without a `timeout` of its own may stand still, in seconds.
  static let standstillLimit = 30.0

  static let options = [
    "url", "method", "headers", "query", "json", "form", "body", "timeout", "retries", "to_file",
  ]

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
    do throws(Misuse) {
      address = try HTTPAddress(text, query: query)
    } catch {
      throw options.misuse(error.text)
    }
    let content = try Self.content(options)
    body = content?.bytes
    let chosen = try Self.method(options)
    method = fixedMethod ?? chosen ?? (content == nil ? "GET" : "POST")
    headers = try Self.headers(options, contentType: content?.type, credentials: address.credentials)
    timeout = try options.seconds("timeout")
    retries = try options.count("retries", in: 0...100) ?? 0
    file =
      if let path = try options.bytes("to_file") {
        try JobPath(path, in: folder, of: options.function, name: "to_file")
      } else { nil }
  }

  /// What a job must be allowed to do for it.
  var needs: [Capability] {
    [Capability(.http, address.authority)] + (file.map { [Capability(.write, path: $0.bytes)] } ?? [])
  }

  private static func method(_ options: Options) throws(Misuse) -> String? {
    guard let method = try options.text("method") else { return nil }
    guard !method.isEmpty, method.utf8.allSatisfy({ isTokenByte($0) }) else {
      throw options.misuse("method \(describe(.string(method))) is not a name like GET or PUT")
    }
    return method.uppercased()
  }

  /// The bytes to send, and what they are.
  private static func content(_ options: Options) throws(Misuse) -> (bytes: [UInt8], type: String?)? {
    let given = ["body", "json", "form"].filter { options.has($0) }
    guard given.count <= 1 else {
      throw options.misuse("give one of \(given.joined(separator: " and ")), not both")
    }
    switch given.first {
    case "json":
      do { return (Array(try options["json"].json().utf8), "application/json") } catch {
        throw options.misuse("json: \(error)")
      }
    case "form":
      let fields = try pairs(options, "form")
      let text = fields.map { PercentEncoding.formField($0) + "=" + PercentEncoding.formField($1) }
      return (Array(text.joined(separator: "&").utf8), "application/x-www-form-urlencoded")
    case "body":
      guard let bytes = try options.bytes("body") else { return nil }
      return (bytes, nil)
    default: return nil
    }
  }

  private static func headers(
    _ options: Options, contentType: String?, credentials: String?
  ) throws(Misuse) -> [(name: String, value: String)] {
    let headers = try pairs(options, "headers")
    for (name, value) in headers {
      guard !name.isEmpty, name.utf8.allSatisfy({ isTokenByte($0) }) else {
        throw options.misuse("\(describe(.string(name))) is not the name of a header")
      }
      guard !value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7f }) else {
        throw options.misuse("the header \(name) has a line break or another control character in it")
      }
    }
    func missing(_ name: String) -> Bool { !headers.contains { $0.0.lowercased() == name } }
    var result = headers.map { (name: $0.0, value: $0.1) }
    if missing("user-agent") { result.append((name: "User-Agent", value: "almanac")) }
    if missing("accept") { result.append((name: "Accept", value: "*/*")) }
    if missing("accept-encoding") { result.append((name: "Accept-Encoding", value: "gzip, deflate")) }
    if let contentType, missing("content-type") { result.append((name: "Content-Type", value: contentType)) }
    if let credentials, missing("authorization") {
      let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      let basic = HTTPClient.Authorization.basic(
        username: parts[0], password: parts.count > 1 ? parts[1] : "")
      result.append((name: "Authorization", value: basic.headerValue))
    }
    return result
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
