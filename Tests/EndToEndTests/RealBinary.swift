import Testing

/// The tests over the real binary. They start daemons and wait for what these do, so they take turns.
@Suite("The real binary", .serialized) enum RealBinary {}
