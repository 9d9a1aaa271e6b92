import Scheduling

/// A task as Task Scheduler's object model has it: an `ITaskDefinition` and the path under which it is registered.
///
/// Every property has that system's default. Source:
/// https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-objects
public struct ScheduledTask: Sendable, Equatable {
  public var path: TaskPath
  public var registrationInfo = RegistrationInfo()
  public var settings = TaskSettings()
  public var triggers: [TaskTrigger] = []
  public var actions: [TaskAction] = []
  public var principal = TaskPrincipal()
  public var data: String?
  /// What the definition says of each property, and where, by its key: `Settings.WakeToRun`, `Triggers[2].Id`.
  public internal(set) var given: [String: TaskDefinition] = [:]

  public init(path: TaskPath) { self.path = path }

  /// True for a property that the definition names, whatever it says.
  func gives(_ key: String) -> Bool { given[key] != nil }
}

/// Who wrote the task, when, and what for.
public struct RegistrationInfo: Sendable, Equatable {
  public var author: String?
  public var date: String?
  public var description: String?
  public var documentation: String?
  public var securityDescriptor: String?
  public var source: String?
  public var uri: String?
  public var version: String?

  public init() {}
}

/// Under which account a task runs there.
public struct TaskPrincipal: Sendable, Equatable {
  public enum LogonType: Int, Sendable {
    case none, password, s4u, interactiveToken, group, serviceAccount, interactiveTokenOrPassword
  }

  public enum RunLevel: Int, Sendable {
    case lua, highest
  }

  public var id: String?
  public var displayName: String?
  public var userID: String?
  public var groupID: String?
  public var logonType: LogonType?
  public var runLevel = RunLevel.lua

  public init() {}
}

/// What a task does.
public struct TaskAction: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case exec(path: String, arguments: String?, workingDirectory: String?)
    case comHandler(classID: String)
    case sendEmail(subject: String?)
    case showMessage(title: String?)
  }

  public var kind: Kind
  public var id: String?
  public var hidesWindow = false
  /// Where it stands in the definition: `Actions[1]`.
  public var key: String

  public init(_ kind: Kind, id: String? = nil, key: String = "Actions") {
    self.kind = kind
    self.id = id
    self.key = key
  }
}
