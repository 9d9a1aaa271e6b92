import Jobs
import Scheduling
import Values

extension JobText {
  /// What a daemon would find wrong with the schedule, each with its key; empty where it would load.
  ///
  /// - Parameter zone: That of jobs that name none.
  public static func objections(to schedule: LuaTable, zone: Zone = .utc) -> [String] {
    let source = JobSource(name: "job", folder: "/", mainPath: "job.lua", main: [])
    switch ScheduleDecoder.decode(LuaValue.table(schedule).dataValue, of: source, daemonZone: zone) {
    case .success: return []
    case .failure(let failure): return failure.errors.map(\.message)
    }
  }

  /// Why a daemon would refuse the trigger; nil where it would not.
  ///
  /// - Parameter zone: The job's, by name.
  public static func objection(toTrigger trigger: LuaTable, zone: String? = nil) -> String? {
    var schedule: LuaTable = ["triggers": .table(LuaTable([.init(.table(trigger))]))]
    if let zone { schedule.add("time_zone", .string(zone)) }
    return objections(to: schedule).first.map { objection in
      // Without the key: the table stands alone here.
      objection.firstRange(of: ": ").map { String(objection[$0.upperBound...]) } ?? objection
    }
  }
}

extension LuaValue {
  /// The value as a host would send it back; code is a function, as far as anybody can tell.
  public var dataValue: DataValue {
    switch self {
    case .string(let text): return .string(text)
    case .number(let number): return .int(Int64(number))
    case .bool(let flag): return .bool(flag)
    case .code: return .opaque("function")
    case .table(let table):
      var data = DataTable()
      for field in table.fields {
        if let key = field.key {
          data.fields[key] = field.value.dataValue
        } else {
          data.items.append(field.value.dataValue)
        }
      }
      return .table(data)
    }
  }
}
