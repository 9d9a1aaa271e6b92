import Files
import Glibc

/// The files that a child is given, opened.
struct ChildFiles: Sendable {
  /// The null device, where the plan names no file.
  private(set) var input: Int32 = -1
  private(set) var output: Int32?
  private(set) var errors: Int32?

  init(_ plan: ProcessPlan) throws(Trouble) {
    do throws(Trouble) {
      if case .file(let path) = plan.input {
        input = path.withCString { open($0, O_RDONLY | O_CLOEXEC) }
        guard input >= 0 else { throw .system("read", path) }
      } else {
        input = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard input >= 0 else { throw Trouble("cannot open /dev/null: \(SystemFailure().reason)") }
      }
      output = try Self.openForWriting(plan.outputFile, plan)
      errors = try Self.openForWriting(plan.errorsFile, plan)
    } catch {
      close()
      throw error
    }
  }

  private static func openForWriting(_ path: JobPath?, _ plan: ProcessPlan) throws(Trouble) -> Int32? {
    guard let path else { return nil }
    let mode = O_WRONLY | O_CREAT | O_CLOEXEC | (plan.appends ? O_APPEND : O_TRUNC)
    let file = path.withCString { open($0, mode, 0o666) }
    guard file >= 0 else { throw .creation(path) }
    return file
  }

  func close() {
    for file in [input, output ?? -1, errors ?? -1] where file >= 0 { Glibc.close(file) }
  }
}
