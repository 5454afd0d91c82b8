//! Texts with a form of their own. The schema names the form, and whoever checks a text asks it here.

use leadmill_core::{
    Window,
    limits::{LONGEST, Written},
    pack::{Percent, Risk},
};
use schemars::{Schema, json_schema};
use url::Url;

/// A form of text.
pub(crate) struct Format {
    /// Its name in the schema.
    name: &'static str,
    /// For editors, which cannot fill in `${…}`. [`Self::fits`] is what counts.
    pattern: &'static str,
    /// What such a text is called.
    pub(crate) called: &'static str,
    /// How it is written.
    pub(crate) form: &'static str,
    /// Whether a text has the form.
    pub(crate) fits: fn(&str) -> bool,
}

/// All forms.
const ALL: [&Format; 11] = [
    &TEXT, &NAME, &STEP_NAME, &LENGTH, &AGE, &WINDOW, &ADDRESS, &SHARE, &RISK, &COUNTRY,
    &SENTENCE,
];

/// Text that is not blank.
pub(super) const TEXT: Format = Format {
    name: "leadmill-text",
    pattern: r"\S",
    called: "text",
    form: "write something, or leave the key out",
    fits: |text| !text.trim().is_empty(),
};

/// The name of a pipeline or a provider.
pub(super) const NAME: Format = Format {
    name: "leadmill-name",
    pattern: "^[a-z0-9_][a-z0-9_-]*$",
    called: "name",
    form: "write small letters, digits, `_` and `-`, such as nightly_leads",
    fits: |text| {
        let fits = |b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        !text.is_empty() && !text.starts_with('-') && text.bytes().all(fits)
    },
};

/// The name of a step; it becomes part of a column's name.
pub(super) const STEP_NAME: Format = Format {
    name: "leadmill-step-name",
    pattern: "^[a-z][a-z0-9_]*$",
    called: "name of a step",
    form: "write small letters, digits and `_`, beginning with a letter, such as work_email",
    fits: |text| {
        let fits = |b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
        text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(fits)
    },
};

/// A duration.
pub(super) const LENGTH: Format = Format {
    name: "leadmill-duration",
    pattern: "^[0-9]+(ms|s|m|h|d)$",
    called: "duration",
    form: "write a whole number and a unit, such as 250ms, 5s, 10m or 12h; 400d is the longest",
    fits: |text| text.parse().is_ok_and(|Written(length)| length <= LONGEST),
};

/// How old something may be.
pub(super) const AGE: Format = Format {
    name: "leadmill-age",
    pattern: "^[0-9]+(ms|s|m|h|d)$",
    called: "duration",
    form: "write a whole number and a unit, such as 12h or 90d; 36500d is the longest",
    fits: |text| text.parse::<Written>().is_ok(),
};

/// At most so many calls in so much time.
pub(super) const WINDOW: Format = Format {
    name: "leadmill-window",
    pattern: "^[1-9][0-9]{0,6}/[1-9][0-9]*(ms|s|m|h|d)$",
    called: "window",
    form: "write up to 1000000 calls and a length from 1ms to 400d, such as 25/1s or 300/60s",
    fits: |text| text.parse::<Window>().is_ok(),
};

/// A part of a whole.
pub(super) const SHARE: Format = Format {
    name: "leadmill-share",
    pattern: "^([1-9][0-9]?|100)%$",
    called: "share",
    form: "write a whole number from 1% to 100%",
    fits: |text| text.parse::<Percent>().is_ok(),
};

/// How much money one batch may put at risk.
pub(super) const RISK: Format = Format {
    name: "leadmill-risk",
    pattern: "^([1-9][0-9]?%|100%|[0-9]+( credits)?)$",
    called: "risk",
    form: "write credits, such as `5000 credits`, or a part of the wallet, such as 10%",
    fits: |text| text.parse::<Risk>().is_ok(),
};

/// The address of an API, without credentials and without a query.
pub(super) const ADDRESS: Format = Format {
    name: "leadmill-address",
    pattern: "^https?://[^/?#@]+(/[^?#]*)?$",
    called: "address of an API",
    form: "write http or https, a host and perhaps a path, such as https://api.example.com/v1",
    fits: |text| {
        Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        })
    },
};

/// A country. A name finds nothing, and would be paid for.
pub(super) const COUNTRY: Format = Format {
    name: "leadmill-country",
    pattern: "^[A-Z]{2}$",
    called: "country",
    form: "write the two capital letters of ISO 3166-1, such as FR",
    fits: |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
};

/// What is looked for, in words.
pub(super) const SENTENCE: Format = Format {
    name: "leadmill-sentence",
    pattern: r"^\S(.{6,98})\S$",
    called: "sentence",
    form: "write 8 to 100 characters, such as bakeries in Paris",
    fits: |text| (8..=100).contains(&text.trim().chars().count()),
};

impl Format {
    /// The form that a schema's `format` names.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|format| format.name == name)
    }

    /// The schema of such a text.
    pub(super) fn schema(&self) -> Schema {
        json_schema!({
            "type": "string",
            "format": self.name,
            "pattern": format!(r"\$\{{|{}", self.pattern),
            "patternErrorMessage": format!("no {}: {}", self.called, self.form),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, string::string_regex};

    proptest! {
        /// Patterns are for editors; they must not promise what is then refused.
        #[test]
        fn what_an_editor_accepts_fits(
            step in string_regex("[a-z][a-z0-9_]*").unwrap(),
            name in string_regex("[a-z0-9_][a-z0-9_-]*").unwrap(),
            // How large a number may be depends on its unit, which a pattern cannot say.
            length in string_regex("[0-9]{1,10}ms|[0-9]{1,7}s|[0-9]{1,5}m|[0-9]{1,3}h|[0-9]{1,2}d").unwrap(),
            calls in string_regex("[1-9][0-9]{0,5}").unwrap(),
        ) {
            let window = format!("{calls}/1{length}");
            prop_assert!((STEP_NAME.fits)(&step));
            prop_assert!((NAME.fits)(&name));
            prop_assert!((LENGTH.fits)(&length) && (AGE.fits)(&length));
            prop_assert!((WINDOW.fits)(&window));
        }
    }

    #[test]
    fn addresses_carry_no_credentials_and_no_query() {
        let fits = ADDRESS.fits;
        assert!(fits("http://127.0.0.1:8080") && fits("https://api.enrich.so/v2"));
        for text in ["api.enrich.so", "ftp://x.io", "https://a@x.io", "https://x.io?k=1"]
        {
            assert!(!fits(text), "{text}");
        }
    }
}
