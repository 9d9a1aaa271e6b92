/// A value that JSON cannot say, or a text that is not JSON.
public struct JSONTrouble: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }

  static let givenUp = JSONTrouble("given up")
}

extension DataValue {
  /// Reads a JSON text (RFC 8259). Arrays become lists, numbers without point and exponent integers where
  /// they fit; of two equal keys the last counts.
  ///
  /// A byte order mark is passed over. A string that is not UTF-8 keeps its bytes.
  ///
  /// - Throws: What is wrong, and at which line and column (in bytes); also for tables nested deeper than
  ///   ``ByteReader/maximumDepth``, which could not cross a border; and when `work` is given up.
  public init(json text: [UInt8], during work: LongWork = .wanted) throws(JSONTrouble) {
    let result: Result<DataValue, JSONTrouble> = text.withUnsafeBufferPointer { buffer in
      var reader = JSONReader(buffer, during: work)
      do throws(JSONTrouble) { return .success(try reader.read()) } catch { return .failure(error) }
    }
    self = try result.get()
  }

  /// The JSON text, keys in order of their bytes.
  ///
  /// A table with items and no fields is an array, any other an object; one with both, a string that
  /// is not UTF-8, a function and a number that is not finite are errors; and so it is when `work` is given up.
  public func json(pretty: Bool = false, during work: LongWork = .wanted) throws(JSONTrouble) -> String {
    var writer = JSONWriter(pretty: pretty, during: work)
    try writer.append(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
