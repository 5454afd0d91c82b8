//! Whether an address takes mail.

use serde::Serialize;

use crate::answers::validation::looks_like_email;
use crate::canonical::Dice;
use crate::tomba::normal;

/// What the verifier says of an address.
///
/// # Source
/// <https://docs.tomba.io/attributes/verifier>; section 7.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The address, in lower case.
    pub email: String,
    /// `valid`, `invalid`, `accept_all`, `webmail`, `disposable` or `unknown`.
    pub status: &'static str,
    /// `deliverable`, `undeliverable` or `risky`; none for what could not be asked.
    pub result: Option<&'static str>,
    /// 0 to 100.
    pub score: u32,
    /// Whether it has the form of an address.
    pub regex: bool,
    /// Whether the domain takes mail at all.
    pub mx_check: bool,
    /// The servers that do.
    pub mx: Servers,
    /// The same as `mx_check`, as older replies name it.
    pub mx_records: bool,
    /// The first of them.
    pub smtp_server: bool,
    /// Whether it takes mail for this address.
    pub smtp_check: bool,
    /// Who runs it.
    pub smtp_provider: &'static str,
    /// Whether the domain takes mail for any address.
    pub accept_all: bool,
    /// Whether the server did not want to be asked.
    pub block: bool,
    /// Whether it wants to be asked again.
    pub greylisted: bool,
    /// Whether it looks like nobody's name.
    pub gibberish: bool,
    /// Whether mailboxes there do not last.
    pub disposable: bool,
    /// Whether anybody may have a mailbox there.
    pub webmail: bool,
    /// Whose the domain is.
    pub whois: Whois,
}

/// The servers that take mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Servers {
    /// Their names.
    pub records: Vec<String>,
}

/// Whose a domain is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Whois {
    /// Where it was bought.
    pub registrar_name: &'static str,
    /// The seller's site.
    pub referral_url: &'static str,
    /// When.
    pub created_date: &'static str,
}

/// Nobody's registrar.
pub(in crate::tomba) const WHOIS: Whois = Whois {
    registrar_name: "Registrar (synthetic)",
    referral_url: "https://registrar.invalid",
    created_date: "2001-05-25",
};

/// The verdict on an address. One of webmail is not asked over SMTP; of three such, one has no result.
pub fn verify(seed: u64, email: &str) -> Verified {
    let email = normal::email(email);
    let dice = Dice::throw(seed, "email-verifier", &[&email]);
    let domain = normal::domain_of(&email).to_owned();
    let (webmail, disposable) =
        (normal::is_webmail(&domain), normal::is_disposable(&domain));
    let (status, result) = match (webmail, disposable, dice.roll(0, 100)) {
        (true, _, roll) => ("webmail", (roll >= 33).then_some("risky")),
        (_, true, _) => ("disposable", Some("risky")),
        (_, _, 0..55) => ("valid", Some("deliverable")),
        (_, _, 55..75) => ("invalid", Some("undeliverable")),
        (_, _, 75..90) => ("accept_all", Some("risky")),
        _ => ("unknown", Some("risky")),
    };
    let takes_mail = !matches!(status, "invalid");
    Verified {
        status,
        result,
        score: match status {
            "valid" => 90 + dice.roll(1, 11),
            "invalid" => dice.roll(1, 11),
            _ => 50,
        },
        regex: looks_like_email(&email),
        mx_check: takes_mail,
        mx: Servers { records: vec![format!("mx1.{domain}"), format!("mx2.{domain}")] },
        mx_records: takes_mail,
        smtp_server: takes_mail && !webmail,
        smtp_check: status == "valid",
        smtp_provider: dice.pick(2, "Google", &["Microsoft", "Zoho"]),
        accept_all: status == "accept_all",
        block: dice.roll(3, 50) == 0,
        greylisted: status == "unknown" && dice.roll(4, 2) == 0,
        gibberish: dice.roll(5, 40) == 0,
        disposable,
        webmail,
        whois: WHOIS,
        email,
    }
}
