/// What of a service has not become part of the job.
extension ServiceJob {
  private static let natural: Set = [
    "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "ExecStopPost", "Environment",
    "EnvironmentFile",
    "Nice", "IOSchedulingPriority", "TimeoutStopSec", "TimeoutSec", "Restart", "RestartSec",
    "SuccessExitStatus", "StartLimitBurst", "StartLimitInterval", "StartLimitIntervalSec",
  ]

  /// Says of a setting what has not become of it.
  mutating func readRest(_ setting: UnitFile.Setting) {
    guard setting.section == "Service" else { return notes.readCommon(setting, isTimer: false, &schedule) }
    let value = setting.value
    switch setting.key {
    case _ where Self.natural.contains(setting.key): break
    case "Type":
      if value == "forking" {
        notes.add(setting, "what a command leaves running is ended half a second after it")
      } else if !["oneshot", "simple", "exec", "idle"].contains(value) {
        notes.add(setting, "a run ends with its program; no message of it is waited for")
      }
    case "TimeoutStartSec":
      if !isOneShot, TimeSpan(value) != nil { notes.add(setting, "the start of this type is over at once") }
    case "RuntimeMaxSec":
      if isOneShot { notes.add(setting, "systemd does not look at it for oneshot, nor is it looked at here") }
    case "User":
      if let user, specifiers.machine.users.home(of: user) == nil {
        notes.add(setting, "there is no such user here, so that its home is not known")
      }
    case "Group":
      if user == nil, setting.value != specifiers.machine.users.current {
        notes.add(setting, "without another User= the group stays that of the daemon")
      }
    case "IOSchedulingClass":
      if !["idle", "best-effort", "realtime", "1", "2", "3", "none", "0"].contains(value) {
        notes.add(setting, "there is no such class")
      }
    case "WorkingDirectory":
      if value.first == "-" { notes.add(setting, "the folder must be there") }
    case "StandardOutput", "StandardError":
      let known = ["journal", "inherit", "syslog", "null", "kmsg"]
      let isFile = ["file:", "append:", "truncate:"].contains { value.hasPrefix($0) }
      if !isFile, !known.contains(value.replacing("+console", with: "")) {
        notes.add(setting, "what the program says goes to the run's log")
      } else if value.hasSuffix("+console") || value == "kmsg" {
        notes.add(setting, "what the program says goes to the run's log alone")
      }
    case "StandardInput":
      if value != "null" { notes.add(setting, "the program reads nothing") }
    case "SyslogIdentifier":
      notes.add(setting, "lines in the log go by the job's name")
    case "KillMode":
      if value == "control-group" || value == "mixed" {
        notes.settle(setting)
      } else {
        notes.add(setting, "all that a run has started is ended with it")
      }
    // Programs have all of the daemon's variables.
    case "PassEnvironment": notes.settle(setting)
    case "KillSignal", "RestartKillSignal":
      if value != "SIGTERM", value != "15" { notes.add(setting, "a run is stopped by SIGTERM") }
    case "SendSIGKILL":
      if setting.flag == false { notes.add(setting, "what outlives stop_grace is killed") }
    case "RemainAfterExit":
      if setting.flag == true {
        notes.add(setting, "such a service runs once until it is stopped; here each time it is due")
      }
    case "ExecStop", "ExecReload":
      notes.add(setting, "there is nothing running that could be stopped or reloaded so")
    default: notes.addUnknown(setting)
    }
  }
}
