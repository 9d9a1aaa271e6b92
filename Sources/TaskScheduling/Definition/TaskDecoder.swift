import Scheduling

/// Understands the definition of a task.
///
/// Everything wrong is told at once, each with its place and key, and what would be right.
struct TaskDecoder {
  private let findings = DefinitionFindings()

  /// A task, and all that is wrong with its definition: what could be read of it is in the task.
  ///
  /// - Returns: No task where it has no path.
  static func decode(_ definition: TaskDefinition) -> (task: ScheduledTask?, problems: [TaskProblem]) {
    let decoder = TaskDecoder()
    let task = decoder.task(definition)
    return (task, decoder.findings.problems)
  }

  private func task(_ definition: TaskDefinition) -> ScheduledTask? {
    guard case .table(let fields) = definition.content else {
      findings.problems.append(
        TaskProblem(place: definition.place, message: "\(definition.kind) stands where a task belongs"))
      return nil
    }
    var reader = DefinitionReader(fields, key: "", place: definition.place, findings)
    guard let text = reader.text("Path") else {
      if !reader.has("Path") { reader.report("Path", "is missing; write Path: \\myApp\\nightly") }
      return nil
    }
    let path: TaskPath
    do throws(TaskError) { path = try TaskPath(text) } catch {
      for problem in error.problems { reader.report("Path", problem.message) }
      return nil
    }
    findings.task = path.description
    var task = ScheduledTask(path: path)
    if let inner = reader.object("RegistrationInfo") { task.registrationInfo = registrationInfo(inner) }
    if let inner = reader.object("Settings") { task.settings = settings(inner) }
    if let inner = reader.object("Principal") { task.principal = principal(inner) }
    task.triggers = reader.objects("Triggers").compactMap(trigger)
    task.actions = actions(&reader)
    task.data = reader.text("Data")
    reader.close(["Path", "RegistrationInfo", "Settings", "Triggers", "Actions", "Principal", "Data"])
    task.given = findings.given
    return task
  }

  private func registrationInfo(_ reader: DefinitionReader) -> RegistrationInfo {
    var reader = reader
    var info = RegistrationInfo()
    info.author = reader.text("Author")
    info.date = reader.text("Date")
    info.description = reader.text("Description")
    info.documentation = reader.text("Documentation")
    info.securityDescriptor = reader.text("SecurityDescriptor")
    info.source = reader.text("Source")
    info.uri = reader.text("URI")
    info.version = reader.text("Version")
    reader.close([
      "Author", "Date", "Description", "Documentation", "SecurityDescriptor", "Source", "URI", "Version",
    ])
    return info
  }

  private func principal(_ reader: DefinitionReader) -> TaskPrincipal {
    var reader = reader
    var principal = TaskPrincipal()
    principal.id = reader.text("Id")
    principal.displayName = reader.text("DisplayName")
    principal.userID = reader.text("UserId")
    principal.groupID = reader.text("GroupId")
    principal.logonType = reader.constant("LogonType", .logonTypes).flatMap(TaskPrincipal.LogonType.init)
    principal.runLevel = reader.constant("RunLevel", .runLevels).flatMap(TaskPrincipal.RunLevel.init) ?? .lua
    // Told as it is, whatever it holds: it has no meaning here.
    for name in ["RequiredPrivileges", "ProcessTokenSidType"] { _ = reader.take(name) }
    reader.close([
      "Id", "DisplayName", "UserId", "GroupId", "LogonType", "RunLevel", "RequiredPrivileges",
      "ProcessTokenSidType",
    ])
    return principal
  }

  // MARK: - Settings

  private func settings(_ reader: DefinitionReader) -> TaskSettings {
    var reader = reader
    var settings = TaskSettings()
    func set<Value>(_ path: WritableKeyPath<TaskSettings, Value>, _ value: Value?) {
      if let value { settings[keyPath: path] = value }
    }
    set(\.allowDemandStart, reader.flag("AllowDemandStart"))
    set(\.allowHardTerminate, reader.flag("AllowHardTerminate"))
    settings.deleteExpiredTaskAfter = reader.duration("DeleteExpiredTaskAfter")
    set(\.disallowStartIfOnBatteries, reader.flag("DisallowStartIfOnBatteries"))
    set(\.enabled, reader.flag("Enabled"))
    set(\.executionTimeLimit, reader.duration("ExecutionTimeLimit"))
    set(\.hidden, reader.flag("Hidden"))
    set(
      \.multipleInstances,
      reader.constant("MultipleInstances", .instances).flatMap(TaskSettings.Instances.init))
    set(\.priority, reader.number("Priority", in: 0...10))
    set(\.restartCount, reader.number("RestartCount", in: 0...999))
    settings.restartInterval = reader.duration("RestartInterval")
    set(\.runOnlyIfIdle, reader.flag("RunOnlyIfIdle"))
    set(\.runOnlyIfNetworkAvailable, reader.flag("RunOnlyIfNetworkAvailable"))
    set(\.startWhenAvailable, reader.flag("StartWhenAvailable"))
    set(\.stopIfGoingOnBatteries, reader.flag("StopIfGoingOnBatteries"))
    set(\.wakeToRun, reader.flag("WakeToRun"))
    if let inner = reader.object("IdleSettings") { settings.idle = idle(inner) }
    _ = reader.constant("Compatibility", .compatibilities)
    for name in Self.foreignFlags where reader.flag(name) == true { settings.foreign.append(name) }
    for name in Self.foreignSettings where reader.take(name) != nil { settings.foreign.append(name) }
    if settings.restartCount > 0, settings.restartInterval == nil, !reader.has("RestartInterval") {
      reader.report("RestartCount", "needs a RestartInterval beside it (PT1M)")
    }
    if settings.restartCount == 0, settings.restartInterval != nil, !reader.has("RestartCount") {
      reader.report("RestartInterval", "needs a RestartCount beside it (1 to 999)")
    }
    reader.close(
      [
        "AllowDemandStart", "AllowHardTerminate", "Compatibility", "DeleteExpiredTaskAfter",
        "DisallowStartIfOnBatteries", "Enabled", "ExecutionTimeLimit", "Hidden", "IdleSettings",
        "MultipleInstances", "Priority", "RestartCount", "RestartInterval", "RunOnlyIfIdle",
        "RunOnlyIfNetworkAvailable", "StartWhenAvailable", "StopIfGoingOnBatteries", "WakeToRun",
      ] + Self.foreignFlags + Self.foreignSettings)
    return settings
  }

  /// Settings that mean something to that system only, told of where they are true, or there.
  private static let foreignFlags = [
    "DisallowStartOnRemoteAppSession", "UseUnifiedSchedulingEngine", "Volatile",
  ]
  private static let foreignSettings = ["MaintenanceSettings", "NetworkSettings"]

  private func idle(_ reader: DefinitionReader) -> TaskSettings.Idle {
    var reader = reader
    var idle = TaskSettings.Idle()
    if let duration = reader.duration("IdleDuration") { idle.duration = duration }
    if let timeout = reader.duration("WaitTimeout") { idle.waitTimeout = timeout }
    if let flag = reader.flag("StopOnIdleEnd") { idle.stopOnIdleEnd = flag }
    if let flag = reader.flag("RestartOnIdle") { idle.restartOnIdle = flag }
    reader.close(["IdleDuration", "WaitTimeout", "StopOnIdleEnd", "RestartOnIdle"])
    return idle
  }

  // MARK: - Actions

  static let mostActions = 32

  private func actions(_ reader: inout DefinitionReader) -> [TaskAction] {
    let readers = reader.objects("Actions")
    if readers.isEmpty, !reader.has("Actions") {
      reader.report(
        "Actions", "is missing; write what it runs: [{ Type: EXEC, Path: /usr/local/bin/backup }]")
    }
    if readers.count > Self.mostActions {
      reader.report("Actions", "\(readers.count) are too many; a task has up to \(Self.mostActions)")
    }
    return readers.compactMap(action)
  }

  private func action(_ reader: DefinitionReader) -> TaskAction? {
    var reader = reader
    let type = reader.constant("Type", .actionTypes)
    guard type != nil || !reader.has("Type") else { return nil }
    let id = reader.text("Id")
    let kind: TaskAction.Kind
    let own: [String]
    var hidesWindow = false
    switch type {
    case 5:
      own = ["ClassId", "Data"]
      kind = .comHandler(classID: reader.text("ClassId") ?? "")
      _ = reader.take("Data")
    case 6:
      own = [
        "Server", "Subject", "To", "Cc", "Bcc", "ReplyTo", "From", "HeaderFields", "Body", "Attachments",
      ]
      kind = .sendEmail(subject: reader.text("Subject"))
      for name in own { _ = reader.take(name) }
    case 7:
      own = ["Title", "MessageBody"]
      kind = .showMessage(title: reader.text("Title"))
      _ = reader.take("MessageBody")
    default:
      own = ["Path", "Arguments", "WorkingDirectory", "HideAppWindow"]
      let path = reader.text("Path")
      let arguments = reader.text("Arguments")
      let folder = reader.text("WorkingDirectory")
      if !reader.has("Path") { reader.report("Path", "is missing; write the program: /usr/local/bin/backup") }
      hidesWindow = reader.flag("HideAppWindow") ?? false
      guard let path, !path.trimmed.isEmpty else {
        reader.close(["Type", "Id"] + own)
        if path != nil { reader.report("Path", "is empty; write the program: /usr/local/bin/backup") }
        return nil
      }
      kind = .exec(path: path, arguments: arguments, workingDirectory: folder)
    }
    reader.close(["Type", "Id"] + own)
    var action = TaskAction(kind, id: id, key: reader.key)
    action.hidesWindow = hidesWindow
    return action
  }
}
