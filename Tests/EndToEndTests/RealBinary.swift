import Testing

/// The tests over the real binary. They start daemons and mostly wait for what these do, so several go on at a time.
@Suite("The real binary", .sideBySide) enum RealBinary {}
