//! Rows for people, in columns.

/// Aligns the columns under their heads. What could move the terminal's cursor is taken out of the cells.
pub(crate) fn table<const N: usize>(
    heads: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let heads = heads.map(str::to_uppercase);
    let rows = rows.into_iter().map(|row| row.map(|cell| plain(&cell)));
    let rows: Vec<[String; N]> = std::iter::once(heads).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: Vec<String> =
            cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A text on one line, as it can be printed.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_heads_and_cells_on_one_line() {
        let rows = [["ä", "first", ""], ["long one", "\u{1b}[2J\nx", "end"]]
            .map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["id", "text", "rest"], rows),
            "ID        TEXT    REST\nä         first\nlong one   [2J x  end\n"
        );
    }
}
