/// A mistake in the calling script: it raises at the line that made it.
struct Misuse: Error, Equatable {
  let text: String

  init(_ text: String) { self.text = text }
}
