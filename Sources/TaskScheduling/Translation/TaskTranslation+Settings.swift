import JobWriting
import Scheduling

extension TaskTranslation {
  /// The settings of the job, those left out that are the defaults of both systems.
  mutating func settings() -> LuaTable {
    let settings = task.settings
    var table = LuaTable()
    if !settings.enabled { table.add("enabled", false) }
    if settings.executionTimeLimit != .hours(24) {
      table.add("time_limit", .string(settings.executionTimeLimit.description))
    }
    if settings.restartCount > 0, let interval = settings.restartInterval {
      table.add(
        "retry", ["count": .number(settings.restartCount), "interval": .string(interval.description)])
    }
    if settings.startWhenAvailable { table.add("start_when_available", true) }
    switch settings.multipleInstances {
    case .ignoreNew: break
    case .parallel: table.add("overlap", "parallel")
    case .stopExisting: table.add("overlap", "replace")
    case .queue:
      table.add("overlap", "queue")
      table.add("queue_limit", 1000)
    }
    if let requires = requires() { table.add("requires", .table(requires)) }
    if let after = settings.deleteExpiredTaskAfter {
      if task.triggers.contains(where: { $0.endBoundary != nil }) {
        table.add("archive_after", .string(after.description))
      } else {
        notes.add(
          "Settings.DeleteExpiredTaskAfter", "no trigger has an EndBoundary, so that it never expires")
      }
    }
    noteSettings()
    return table
  }

  private mutating func requires() -> LuaTable? {
    let settings = task.settings
    var table = LuaTable()
    if settings.runOnlyIfNetworkAvailable { table.add("network", true) }
    // The default is not what anybody asked for, and a server has no battery.
    if settings.disallowStartIfOnBatteries, task.gives("Settings.DisallowStartIfOnBatteries") {
      table.add("ac_power", true)
    }
    if settings.runOnlyIfIdle {
      table.add("idle", true)
      if settings.idle.waitTimeout > .zero {
        table.add("wait", .string(settings.idle.waitTimeout.description))
      }
    }
    return table.isEmpty ? nil : table
  }

  private mutating func noteSettings() {
    let settings = task.settings
    func given(_ name: String) -> Bool { task.gives("Settings." + name) }
    if !settings.allowDemandStart {
      notes.add("Settings.AllowDemandStart", "false: whoever may talk to the daemon may run a job by hand")
    }
    if !settings.allowHardTerminate {
      notes.add(
        "Settings.AllowHardTerminate",
        "false: what does not end within stop_grace after its time limit is ended by force here")
    }
    if settings.hidden { notes.add("Settings.Hidden", "true: every listing shows every job") }
    if settings.wakeToRun {
      notes.add(
        "Settings.WakeToRun", "true: a machine that sleeps is not woken; start_when_available makes up for it"
      )
    }
    if settings.stopIfGoingOnBatteries, given("StopIfGoingOnBatteries") {
      notes.add(
        "Settings.StopIfGoingOnBatteries", "true: a run goes on when the machine goes on its battery")
    }
    if settings.priority != 7 {
      notes.add(
        "Settings.Priority",
        "\(settings.priority): the processes of a job have the daemon's priority; `nice` before a command changes it"
      )
    }
    if given("Compatibility") {
      notes.add(
        "Settings.Compatibility", "says which version of that system a task is for; there is one here")
    }
    if settings.runOnlyIfIdle {
      notes.drop(
        "Settings.IdleSettings",
        "idle means a load under 0.3 a processor here, at the moment of the start; a run is not stopped when that ends"
      )
    } else if given("IdleSettings"), settings.idle != TaskSettings.Idle() {
      notes.drop("Settings.IdleSettings", "the task does not wait for the machine to be idle")
    }
    let reasons = [
      "DisallowStartOnRemoteAppSession": "there are no such sessions here",
      "MaintenanceSettings":
        "there is no automatic maintenance here; give the job a trigger, and a window if need be",
      "NetworkSettings": "requires.network asks for any network, not for one by its name",
      "UseUnifiedSchedulingEngine": "says by which part of that system it is run",
      "Volatile": "a job lasts as long as its file",
    ]
    for name in settings.foreign { notes.drop("Settings." + name, reasons[name] ?? "nothing here reads it") }
  }
}
