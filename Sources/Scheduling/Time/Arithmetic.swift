/// The quotient rounded towards minus infinity. `divisor` must be positive.
@inline(__always)
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

/// The remainder in `0..<divisor`. `divisor` must be positive.
@inline(__always)
func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
  let remainder = value % divisor
  return remainder < 0 ? remainder + divisor : remainder
}

/// The sum, kept at the largest or smallest number where it would overflow.
@inline(__always)
func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
  let (sum, overflow) = left.addingReportingOverflow(right)
  guard overflow else { return sum }
  return right < 0 ? .min : .max
}

/// The product of two numbers that are not negative, kept at the largest number where it would overflow.
@inline(__always)
func saturatingProduct(_ left: Int64, _ right: Int64) -> Int64 {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? .max : product
}

extension FixedWidthInteger {
  /// The number without the bits below `bit`.
  @inline(__always)
  func keepingBits(from bit: Int) -> Self { self & (~0 << bit) }
}

let microsecondsPerSecond: Int64 = 1_000_000
let secondsPerDay: Int64 = 86_400

/// A hash that is the same on every machine and in every version: FNV-1a over bytes, mixed at the end.
package struct StableHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  package mutating func combine(_ text: String) {
    for byte in text.utf8 { combine(byte: byte) }
    // Keeps ("ab", "c") and ("a", "bc") apart.
    combine(byte: 0xff)
  }

  package mutating func combine(_ number: Int64) {
    for shift in stride(from: 0, to: 64, by: 8) { combine(byte: UInt8(truncatingIfNeeded: number >> shift)) }
  }

  package mutating func combine(byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  /// The hash, each bit of which depends on all that was combined (the finish of splitmix64).
  package var value: UInt64 {
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// The hash as 16 hexadecimal digits.
  package var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The number in decimal with leading zeros up to `width`.
func padded(_ number: Int64, _ width: Int) -> String {
  let digits = String(number.magnitude)
  let zeros = String(repeating: "0", count: max(0, width - digits.count))
  return (number < 0 ? "-" : "") + zeros + digits
}
