/// Rows and columns for people: aligned, two spaces apart, nothing at the ends of lines.
package struct TextTable: Sendable {
    package enum Alignment: Sendable {
        case leading
        /// For numbers.
        case trailing
    }

    package struct Column: Sendable {
        package var title: String
        package var alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .leading) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// One cell; whatever its text holds, it stays one line and steers no terminal.
    package struct Cell: Sendable, Equatable, ExpressibleByStringInterpolation {
        package let text: String
        package let style: Style
        /// Counted once: a listing has a hundred thousand cells.
        fileprivate let width: Int

        package init(_ text: String, _ style: Style = .plain) {
            self.text = text.escapedForTerminal
            self.style = style
            self.width = self.text.terminalWidth
        }

        package init(stringLiteral value: String) {
            self.init(value)
        }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    package var isEmpty: Bool { rows.isEmpty }

    /// Adds a row; missing cells are empty, cells beyond the last column are left out.
    package mutating func add(_ cells: [Cell]) {
        let missing = max(0, columns.count - cells.count)
        rows.append(Array(cells.prefix(columns.count)) + Array(repeating: Cell(""), count: missing))
    }

    /// The titles and the rows, each line with its newline.
    package func rendered(_ styler: Styler = Styler(isEnabled: false)) -> String {
        let titles = columns.map { Cell($0.title, .bold) }
        let widths = columns.indices.map { index in
            rows.reduce(titles[index].width) { max($0, $1[index].width) }
        }
        var text = ""
        text.reserveCapacity((rows.count + 1) * (widths.reduce(0, +) + 2 * widths.count))
        appendLine(titles, widths, styler, to: &text)
        for row in rows { appendLine(row, widths, styler, to: &text) }
        return text
    }

    private func appendLine(_ cells: [Cell], _ widths: [Int], _ styler: Styler, to text: inout String) {
        var pending = 0
        for (index, cell) in cells.enumerated() {
            let padding = widths[index] - cell.width
            let isTrailing = columns[index].alignment == .trailing
            if isTrailing { pending += padding }
            if !cell.text.isEmpty {
                for _ in 0..<pending { text += " " }
                text += styler.apply(cell.style, to: cell.text)
                pending = 0
            }
            if !isTrailing { pending += padding }
            pending += 2
        }
        text += "\n"
    }
}
