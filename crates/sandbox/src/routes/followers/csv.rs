//! Profiles as a table: the fields of a profile, in its order.

use serde_json::Value;

use crate::answers::followers::FollowerProfile;

/// The fields of a profile as they are called on the wire.
const COLUMNS: [&str; 21] = [
    "profileUrl",
    "objectURN",
    "name",
    "firstName",
    "lastName",
    "profilePictureUrl",
    "title",
    "companyName",
    "companyProfileUrl",
    "companyWebsite",
    "companyDomain",
    "companyLogoUrl",
    "companyLocation",
    "location",
    "summary",
    "connectionDegree",
    "tenureAtCompany",
    "industry",
    "isPremium",
    "isOpenProfile",
    "isSaved",
];

/// One line for the names and one for each profile. The reference names no columns: these are a profile's
/// fields, with `spotlights` last and its values parted by `;`.
pub(crate) fn csv(profiles: impl Iterator<Item = FollowerProfile>) -> String {
    let mut text = COLUMNS.join(",");
    text.push_str(",spotlights\r\n");
    for profile in profiles {
        let spotlights = profile.spotlights.join(";");
        let fields = serde_json::to_value(profile).unwrap_or_default();
        for column in COLUMNS {
            text.push_str(&cell(fields.get(column)));
            text.push(',');
        }
        text.push_str(&quoted(&spotlights));
        text.push_str("\r\n");
    }
    text
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => quoted(text),
        Some(other) => quoted(&other.to_string()),
    }
}

fn quoted(text: &str) -> String {
    if !text.contains([',', '"', '\r', '\n']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        let cell = |value: Value| cell(Some(&value));
        assert_eq!(cell(Value::Null), "");
        assert_eq!(cell("a b".into()), "a b");
        assert_eq!(cell("a, \"b\"".into()), "\"a, \"\"b\"\"\"");
        assert_eq!(cell(true.into()), "true");
    }
}
