/// Columns of text, as wide as what is in them.
struct Table {
  private var rows: [[Cell]] = []

  struct Cell {
    var text: String
    var colour: Colour?

    init(_ text: String?, _ colour: Colour? = nil) {
      // A line is a line: what a job said may hold anything.
      self.text =
        (text ?? "-").map {
          $0.isNewline ? "⏎" : ($0.asciiValue.map { $0 < 32 } ?? false) ? " " : $0
        }
        .reduce(into: "") { $0.append($1) }.shown
      self.colour = colour
    }
  }

  init(_ header: [String]) { rows.append(header.map { Cell($0, .faint) }) }

  mutating func add(_ cells: [Cell]) { rows.append(cells) }

  func print() {
    let colours = Console.hasColour(1)
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.text.count)
      }
    }
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let text = colours ? cell.colour?.applied(to: cell.text) ?? cell.text : cell.text
        let isLast = column == row.count - 1
        line += text + (isLast ? "" : String(repeating: " ", count: widths[column] - cell.text.count + 2))
      }
      Swift.print(line)
    }
  }
}
