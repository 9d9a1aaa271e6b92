import CLua
import Values

extension LongWork {
  /// Work for the run that calls, on its worker: it is given up when the run is to end. Lua does not see what a
  /// call answers then. It is to end too when it makes more than the job's memory limit allows.
  public static var ofRun: LongWork { LongWork { made in clua_must_end(made) } }
}
