import CLua
import Values

extension LongWork {
  /// Work for the run that calls, on its worker: it is given up when the run is to end. Lua does not see what a
  /// call answers then.
  public static var ofRun: LongWork { LongWork { clua_must_end() } }
}
