/// The definition of a task in an export: the schema's elements as the properties of the object model that they stand
/// for. What the schema does not have keeps its name, so that the decoder tells of it.
///
/// Source: https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
struct ExportedTask {
  /// The file's name, for places.
  let file: String

  /// - Parameter path: The task's path where the export does not say it.
  func definition(_ task: ExportElement, path: String) -> TaskDefinition {
    var fields = [field("Path", text(path, task))]
    for child in task.children {
      switch child.name {
      case "RegistrationInfo": fields.append(field("RegistrationInfo", table(child)))
      case "Settings": fields.append(field("Settings", settings(child)))
      case "Triggers": fields.append(field("Triggers", list(child, trigger)))
      case "Actions": fields.append(field("Actions", list(child, action)))
      case "Principals":
        for principal in child.children {
          // A task runs as one of them; a second one is told of.
          let name = principal.name == "Principal" ? "Principal" : principal.name
          fields.append(field(name, table(principal)))
        }
      case "Data": fields.append(field("Data", text(whole(child), child)))
      default: fields.append(field(child.name, generic(child)))
      }
    }
    return TaskDefinition(.table(fields), place: place(task))
  }

  // MARK: - Parts

  private func settings(_ element: ExportElement) -> TaskDefinition {
    let names = ["AllowStartOnDemand": "AllowDemandStart", "MultipleInstancesPolicy": "MultipleInstances"]
    var fields: [TaskDefinition.Field] = []
    for child in element.children {
      switch child.name {
      case "RestartOnFailure":
        for inner in child.children { fields.append(field("Restart" + inner.name, generic(inner))) }
      case "IdleSettings":
        fields.append(field("IdleSettings", table(child, names: ["Duration": "IdleDuration"])))
      case "NetworkProfileName":
        if !whole(child).trimmed.isEmpty { fields.append(field("NetworkSettings", generic(child))) }
      default: fields.append(field(names[child.name] ?? child.name, generic(child)))
      }
    }
    return TaskDefinition(.table(fields), place: place(element))
  }

  private func trigger(_ element: ExportElement) -> TaskDefinition {
    let types = [
      "TimeTrigger": "TIME", "BootTrigger": "BOOT", "RegistrationTrigger": "REGISTRATION",
      "IdleTrigger": "IDLE",
      "EventTrigger": "EVENT", "LogonTrigger": "LOGON", "SessionStateChangeTrigger": "SESSION_STATE_CHANGE",
    ]
    var fields: [TaskDefinition.Field] = []
    if let type = types[element.name] {
      fields.append(field("Type", text(type, element)))
    } else if element.name != "CalendarTrigger" {
      fields += [
        field("Type", text("CUSTOM_TRIGGER_01", element)), field("Name", text(element.name, element)),
      ]
    }
    fields += attributes(of: element)
    for child in element.children {
      switch child.name {
      case "ScheduleByDay": fields += schedule("DAILY", child)
      case "ScheduleByWeek": fields += schedule("WEEKLY", child)
      case "ScheduleByMonth": fields += schedule("MONTHLY", child)
      case "ScheduleByMonthDayOfWeek": fields += schedule("MONTHLYDOW", child)
      case "ValueQueries": fields.append(field("ValueQueries", values(child)))
      default: fields.append(field(child.name, generic(child)))
      }
    }
    return TaskDefinition(.table(fields), place: place(element))
  }

  private func schedule(_ type: String, _ element: ExportElement) -> [TaskDefinition.Field] {
    var fields = [field("Type", text(type, element))]
    for child in element.children {
      switch child.name {
      // Days and months are empty elements of their names.
      case "DaysOfWeek": fields.append(field("DaysOfWeek", list(child) { text($0.name, $0) }))
      case "Months":
        if !child.children.isEmpty { fields.append(field("MonthsOfYear", list(child) { text($0.name, $0) })) }
      case "DaysOfMonth": fields.append(field("DaysOfMonth", list(child, number)))
      case "Weeks": fields.append(field("WeeksOfMonth", list(child, number)))
      default: fields.append(field(child.name, generic(child)))
      }
    }
    return fields
  }

  private func action(_ element: ExportElement) -> TaskDefinition {
    let types = [
      "Exec": "EXEC", "ComHandler": "COM_HANDLER", "SendEmail": "SEND_EMAIL", "ShowMessage": "SHOW_MESSAGE",
    ]
    let type = field("Type", text(types[element.name] ?? element.name, element))
    let inner = table(
      element, names: ["Command": "Path", "Body": element.name == "SendEmail" ? "Body" : "MessageBody"])
    guard case .table(let fields) = inner.content else { return inner }
    return TaskDefinition(.table([type] + fields), place: place(element))
  }

  // MARK: - Elements

  private func place(_ element: ExportElement) -> String { "\(file):\(element.line)" }

  private func field(_ name: String, _ value: TaskDefinition) -> TaskDefinition.Field { .init(name, value) }

  private func text(_ text: String, _ element: ExportElement) -> TaskDefinition {
    TaskDefinition(.text(text, isQuoted: true), place: place(element))
  }

  private func list(_ element: ExportElement, _ item: (ExportElement) -> TaskDefinition) -> TaskDefinition {
    TaskDefinition(.list(element.children.map(item)), place: place(element))
  }

  /// The children as properties, and the attributes.
  private func table(_ element: ExportElement, names: [String: String] = [:]) -> TaskDefinition {
    let fields = element.children.map { field(names[$0.name] ?? $0.name, generic($0)) }
    return TaskDefinition(.table(fields + attributes(of: element)), place: place(element))
  }

  /// The `id`, and what else an element has.
  private func attributes(of element: ExportElement) -> [TaskDefinition.Field] {
    element.attributes.sorted { $0.key < $1.key }.map { name, value in
      field(name == "id" ? "Id" : name, text(value, element))
    }
  }

  /// `<Day>15</Day>`; other tools write `<Last />` where the schema has `<Week>Last</Week>`.
  private func number(_ element: ExportElement) -> TaskDefinition {
    text(element.text.trimmed.isEmpty ? element.name : element.text.trimmed, element)
  }

  /// `<Value name="user">...</Value>`: named values of the event that starts the task.
  private func values(_ element: ExportElement) -> TaskDefinition {
    let fields = element.children.map { field($0.attributes["name"] ?? $0.name, text($0.text, $0)) }
    return TaskDefinition(.table(fields), place: place(element))
  }

  /// An element with children as properties, another one as its text; an empty one says nothing.
  private func generic(_ element: ExportElement) -> TaskDefinition {
    if !element.children.isEmpty { return table(element) }
    let isEmpty = element.text.trimmed.isEmpty
    return isEmpty ? TaskDefinition(.nothing, place: place(element)) : text(element.text, element)
  }

  private func whole(_ element: ExportElement) -> String {
    element.text + element.children.map(whole).joined()
  }
}
