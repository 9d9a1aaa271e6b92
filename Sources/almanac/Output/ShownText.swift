extension String {
  /// The text as a terminal may be given it: what would move its cursor, colour it or turn the direction of text
  /// is written out (`\u{1B}`). Line breaks and tabs stay.
  ///
  /// What a job says may hold anything, and is not to forge the lines of others.
  var shown: String {
    // Nearly every text is plain; 0xC2 and 0xE2 begin what there is beyond ASCII to write out.
    let isPlain = utf8.allSatisfy {
      ($0 >= 0x20 || $0 == 0x0A || $0 == 0x09) && $0 != 0x7F && $0 != 0xC2 && $0 != 0xE2
    }
    if isPlain { return self }
    var text = ""
    for scalar in unicodeScalars {
      if scalar == "\n" || scalar == "\t" || !scalar.steersTerminals {
        text.unicodeScalars.append(scalar)
      } else {
        text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
    return text
  }
}

extension Unicode.Scalar {
  fileprivate var steersTerminals: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
