import Glibc
import Testing

/// A folder that goes when it is no longer used, with the ways in which programs write files.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/jobs-tests-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = try #require(
      realpath(String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self), nil)
    )
    .takeString()
  }

  deinit { Self.removeAll(path) }

  func callAsFunction(_ relative: String) -> String { path + "/" + relative }

  func makeFolder(_ relative: String) {
    var current = path
    for part in relative.split(separator: "/") {
      current += "/" + part
      mkdir(current, 0o755)
    }
  }

  /// Writes in place: the file is truncated, written and closed.
  func write(_ relative: String, _ text: String) {
    let file = open(path + "/" + relative, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    put(text, to: file)
    close(file)
  }

  /// Writes beside the file and renames over it.
  func writeAtomically(_ relative: String, _ text: String, by temporary: String) {
    write(temporary, text)
    move(temporary, relative)
  }

  func put(_ text: String, to file: Int32) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(file, bytes, bytes.count)
  }

  func move(_ from: String, _ to: String) { rename(path + "/" + from, path + "/" + to) }

  func remove(_ relative: String) { Self.removeAll(path + "/" + relative) }

  func link(_ relative: String, to target: String) { symlink(target, path + "/" + relative) }

  private static func removeAll(_ path: String) {
    if unlink(path) == 0 { return }
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
        if name == [46] || name == [46, 46] { continue }
        // Names need not be text.
        var child = Array(path.utf8) + [47] + name + [0]
        let isGone = child.withUnsafeMutableBytes { bytes in
          bytes.bindMemory(to: CChar.self).baseAddress.map { unlink($0) == 0 } ?? true
        }
        if !isGone, let text = String(validating: name, as: UTF8.self) { removeAll(path + "/" + text) }
      }
      closedir(folder)
    }
    rmdir(path)
  }
}

extension UnsafeMutablePointer<CChar> {
  /// The text of a C string that is ours to free.
  func takeString() -> String {
    defer { free(self) }
    return String(cString: self)
  }
}

/// A path whose bytes need not be text.
@discardableResult func withPath<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result
{
  (bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("a path has at least its closing zero") }
    return body(base)
  }
}

func monotonicMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
}
