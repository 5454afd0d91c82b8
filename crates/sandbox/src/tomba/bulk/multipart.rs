//! As much of `multipart/form-data` as a creation needs.

use serde_json::Value;

use super::draft::{File, Raw};

/// One part of a form.
struct Part<'a> {
    head: String,
    body: &'a [u8],
}

/// Reads a form: values by their names, those that come often as lists, and a file, which must be `text/csv`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(kind: &str, body: &[u8]) -> Result<Raw, &'static str> {
    let boundary = parameter(kind, "boundary").ok_or("The form has no boundary.")?;
    let mut raw = Raw::default();
    for part in parts(body, &boundary).ok_or("The form cannot be read.")? {
        let disposition = header(&part.head, "content-disposition").unwrap_or_default();
        let name = parameter(&disposition, "name").ok_or("A part has no name.")?;
        let text = String::from_utf8_lossy(part.body).into_owned();
        if name == "file" {
            let kind = header(&part.head, "content-type").unwrap_or_default();
            if !kind.trim().eq_ignore_ascii_case("text/csv") {
                return Err("The file must be text/csv.");
            }
            let name =
                parameter(&disposition, "filename").ok_or("The file has no name.")?;
            raw.file = Some(File { name, text });
            continue;
        }
        let name = name.strip_suffix("[]").unwrap_or(&name).to_owned();
        let value = Value::String(text);
        match raw.values.get_mut(&name) {
            None => {
                raw.values.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(raw)
}

fn parts<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let border = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut rest = body.get(find(body, &border)? + border.len()..)?;
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, &border)?;
        let part = rest.get(..end)?.strip_suffix(b"\r\n")?;
        let head = find(part, b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(part.get(..head)?).into_owned();
        parts.push(Part { head: text, body: part.get(head + 4..)? });
        rest = rest.get(end + border.len()..)?;
    }
    Some(parts)
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}

/// The value of a header of a part.
fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(other, _)| other.trim().eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned())
}

/// A parameter of a header, without its quotes.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut pairs = header.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(other, _)| other.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=\"x-y\"";

    #[test]
    fn a_form_is_read_with_its_lists_and_its_file() {
        let body = "--x-y\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA job\r\n\
            --x-y\r\nContent-Disposition: form-data; name=\"departments\"\r\n\r\nsales\r\n\
            --x-y\r\nContent-Disposition: form-data; name=\"departments\"\r\n\r\nlegal\r\n\
            --x-y\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
            Content-Type: text/csv\r\n\r\nemail\r\na@b.c\r\n--x-y--\r\n";
        let raw = read(KIND, body.as_bytes()).unwrap();
        assert_eq!(raw.values["name"], "A job");
        assert_eq!(raw.values["departments"], serde_json::json!(["sales", "legal"]));
        let file = raw.file.unwrap();
        assert_eq!((file.name.as_str(), file.text.as_str()), ("a.csv", "email\r\na@b.c"));
    }

    #[test]
    fn what_is_no_form_or_no_csv_is_refused() {
        let file = |kind: &str| {
            format!(
                "--x-y\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
                 Content-Type: {kind}\r\n\r\na\r\n--x-y--"
            )
        };
        assert!(read(KIND, file("text/csv").as_bytes()).is_ok());
        assert!(read(KIND, file("application/octet-stream").as_bytes()).is_err());
        assert!(read(KIND, b"nothing").is_err());
        assert!(read("multipart/form-data", file("text/csv").as_bytes()).is_err());
    }
}
