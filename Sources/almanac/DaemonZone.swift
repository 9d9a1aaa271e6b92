import Scheduling

/// The zone of jobs that name none: a flag's, else `ALMANAC_TIME_ZONE`'s, else the machine's.
///
/// One that is not known is an error, never silently UTC.
func daemonZone(_ flag: String? = nil) throws -> Zone {
  if let flag {
    do { return try Zone.named(flag) } catch {
      throw CommandFailure("--time-zone: \(error)", status: ExitStatus.usage)
    }
  }
  if let name = Variables.nonEmpty("ALMANAC_TIME_ZONE") {
    do { return try Zone.named(name) } catch {
      throw CommandFailure("ALMANAC_TIME_ZONE: \(error)", status: ExitStatus.usage)
    }
  }
  do { return try Zone.ofMachine() } catch { throw CommandFailure("\(error)", status: ExitStatus.usage) }
}
