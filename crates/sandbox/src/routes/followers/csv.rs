//! Profiles as a table: the fields of a profile, in its order.

use serde_json::Value;

use crate::answers::followers::FollowerProfile;
use crate::csv::cell;

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
            text.push_str(&shown(fields.get(column)));
            text.push(',');
        }
        text.push_str(&cell(&spotlights));
        text.push_str("\r\n");
    }
    text
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => cell(text).into_owned(),
        Some(other) => cell(&other.to_string()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        let shown = |value: Value| shown(Some(&value));
        assert_eq!(shown(Value::Null), "");
        assert_eq!(shown("a b".into()), "a b");
        assert_eq!(shown("a, \"b\"".into()), "\"a, \"\"b\"\"\"");
        assert_eq!(shown(true.into()), "true");
    }
}
