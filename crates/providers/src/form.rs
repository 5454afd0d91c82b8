//! Whether a reply is of the form in which a provider answers, or somebody else's: a proxy's page, a login page, nothing.
//!
//! What is not the provider's is no verdict of the provider's either: neither that there is no such record, nor that the
//! key is wrong or the wallet is empty.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use leadmill_core::ErrorKind;
use std::time::Duration;

/// What a provider answers a call with. Its errors are JSON whatever was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON.
    Json,
    /// JSON, or an empty body where all went well.
    JsonOrNothing,
    /// A text file.
    File,
}

/// What is at stake with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stake {
    /// It costs nothing, however often it is made.
    Nothing,
    /// It may be charged, or begin what is charged or scarce.
    Money,
}

/// What shows that a reply is not the provider's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It redirects: to this address, where it names one.
    Redirect(Option<String>),
    /// It has no body.
    Empty,
    /// Its body is of this media type.
    Type(String),
    /// Its body begins so.
    Begins(String),
}

impl Foreign {
    /// What has begun as no reply of the provider's does.
    pub(crate) fn body(body: &[u8]) -> Self {
        Self::Begins(beginning(body.trim_ascii()))
    }
}

/// What some servers put before a text in UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Most bytes of a body that its beginning is taken from.
const BEGINNING: usize = 4096;

/// Judges a reply by its status, its content type and the beginning of its body. None where it is of the provider's form.
///
/// What may be an answer that was paid for is never refused for its content type alone.
pub(crate) fn foreign<B: AsRef<[u8]>>(
    form: Form,
    response: &Response<B>,
) -> Option<Foreign> {
    let status = response.status();
    if status.is_redirection() {
        return Some(Foreign::Redirect(destination(response)));
    }
    let body = response.body().as_ref();
    let text = body.strip_prefix(MARK).unwrap_or(body).trim_ascii();
    let kind = media_type(response);
    match (text.first(), status.is_success(), form) {
        (None, true, Form::JsonOrNothing) => None,
        (None, ..) => Some(Foreign::Empty),
        (Some(b'<'), ..) => Some(Foreign::Begins(beginning(text))),
        (_, true, Form::File) => {
            kind.filter(|kind| kind == "text/html").map(Foreign::Type)
        }
        (Some(b'{' | b'['), true, _) => None,
        (Some(b'{' | b'['), false, _) => {
            kind.filter(|kind| !is_json(kind)).map(Foreign::Type)
        }
        _ => Some(Foreign::Begins(beginning(text))),
    }
}

/// A body without the mark of its encoding, which no parser of JSON takes.
pub(crate) fn without_mark(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| match body.starts_with(MARK) {
        true => body.slice(MARK.len()..),
        false => body,
    })
}

/// What a reply that is not the provider's means for the money of the call, by its status.
///
/// A proxy may have passed a call on, and refuse the reply on its way back: whatever its status says of a paid call, the
/// provider may have served and charged it. That is ruled out only where the call cannot have left the hop that answers:
/// it asks for credentials of its own (401, 407), the request is too long for it or does not say how long it is (411, 413,
/// 414, 431), or too many came at once (429).
///
/// What is about one call is so for that call alone; what would be a verdict about the account or the address is nobody's,
/// and ends the buying.
///
/// # Source
/// RFC 9110, 15.5.2 and 15.5.8: the request has not been applied for lack of credentials. Squid's `reply_body_max_size` and
/// `http_reply_access` answer with 403 what was served, and `deny_info` turns that into a redirect or any other status.
pub(crate) const fn meaning(
    status: StatusCode,
    wait: Option<Duration>,
    stake: Stake,
) -> ErrorKind {
    match (status.as_u16(), stake) {
        (429, _) => ErrorKind::Throttled(wait),
        (408 | 425, _) => ErrorKind::InDoubt,
        (401 | 407, _) => ErrorKind::Foreign,
        (411 | 413 | 414 | 431, _) => ErrorKind::Refused,
        (300..=399 | 402..=406 | 410 | 451, Stake::Nothing) => ErrorKind::Foreign,
        (300..=399 | 402..=406 | 410 | 451, Stake::Money) => ErrorKind::Intercepted,
        (400..=499, Stake::Nothing) => ErrorKind::Refused,
        _ => ErrorKind::InDoubt,
    }
}

/// Where a redirect leads: without what a question may have put into the address.
fn destination<B>(response: &Response<B>) -> Option<String> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let address = location.split(['?', '#']).next().unwrap_or_default();
    let named = match address.split_once("://") {
        None => address.to_owned(),
        Some((scheme, rest)) => {
            let (server, path) =
                rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let server = server.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{server}{path}")
        }
    };
    (!named.is_empty()).then_some(named)
}

/// The media type of a body in lower case, without its parameters.
fn media_type<B>(response: &Response<B>) -> Option<String> {
    let kind = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!kind.is_empty()).then_some(kind)
}

fn is_json(kind: &str) -> bool {
    kind.ends_with("/json") || kind.ends_with("+json")
}

fn beginning(text: &[u8]) -> String {
    let text = text.get(..BEGINNING).unwrap_or(text);
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(
        form: Form,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Foreign> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        foreign(form, &response.body(body.to_owned()).unwrap())
    }

    const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

    #[test]
    fn pages_and_nothing_are_foreign_with_every_status() {
        for form in [Form::Json, Form::JsonOrNothing, Form::File] {
            for status in (200..600).filter(|status| !(300..400).contains(status)) {
                for headers in [&[], HTML] {
                    let got = judged(form, status, headers, "\u{feff}\n <html>");
                    assert_eq!(got, Some(Foreign::Begins("<html>".into())), "{status}");
                }
                let nothing = judged(form, status, &[], " \n");
                let is_own = form == Form::JsonOrNothing && status < 300;
                assert_eq!(nothing, (!is_own).then_some(Foreign::Empty), "{status}");
            }
        }
        for text in ["no healthy upstream", "null", "7", "\"text\"", "\u{1f}\u{8b}"] {
            for status in [200, 404, 503] {
                let got = judged(Form::Json, status, &[], text);
                assert_eq!(got, Some(Foreign::Begins(text.into())), "{status} {text}");
            }
        }
    }

    #[test]
    fn json_is_the_providers_own_and_an_error_of_another_type_is_not() {
        for kind in
            ["application/json", "application/problem+json; charset=utf-8", "", " "]
        {
            for status in [200, 201, 400, 404, 500] {
                let headers = [("content-type", kind)];
                assert_eq!(judged(Form::Json, status, &headers, "{}"), None, "{kind}");
            }
        }
        assert_eq!(judged(Form::Json, 404, &[], "{\"cut"), None);
        assert_eq!(judged(Form::Json, 200, HTML, "{}"), None, "it may be paid for");
        let error = judged(Form::Json, 404, HTML, "{}");
        assert_eq!(error, Some(Foreign::Type("text/html".into())));
    }

    #[test]
    fn a_file_is_any_text_but_a_page() {
        let csv = [("content-type", "text/csv")];
        for headers in [&[][..], &csv] {
            assert_eq!(judged(Form::File, 200, headers, "a,b\n1,2\n"), None);
        }
        assert_eq!(judged(Form::File, 200, &[], "{\"data\":1}"), None, "read elsewhere");
        let page = judged(Form::File, 200, HTML, "Please log in");
        assert_eq!(page, Some(Foreign::Type("text/html".into())));
        let text = judged(Form::File, 503, &csv, "a,b\n");
        assert_eq!(text, Some(Foreign::Begins("a,b".into())));
    }

    #[test]
    fn a_redirect_names_where_it_leads_and_nothing_of_the_question() {
        for (location, named) in [
            (
                "https://login.example/in?to=a%40x.io#top",
                Some("https://login.example/in"),
            ),
            ("https://ada:secret@login.example", Some("https://login.example")),
            ("/v4/find?email=a@x.io", Some("/v4/find")),
            ("?email=a@x.io", None),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let headers = [("location", location)];
                let got = judged(Form::Json, status, &headers, "{}");
                let named = named.map(str::to_owned);
                assert_eq!(got, Some(Foreign::Redirect(named)), "{location}");
            }
        }
        assert_eq!(judged(Form::Json, 304, &[], ""), Some(Foreign::Redirect(None)));
    }

    /// What a reply means that is not the provider's: where nothing is at stake, and where money is.
    #[test]
    fn of_a_paid_call_only_what_cannot_have_been_passed_on_is_not_in_doubt() {
        for status in 100..600 {
            let code = StatusCode::from_u16(status).unwrap();
            let [free, paid] = [Stake::Nothing, Stake::Money]
                .map(|stake| meaning(code, Some(Duration::from_secs(7)), stake));
            let expected = match status {
                429 => [ErrorKind::Throttled(Some(Duration::from_secs(7))); 2],
                ..300 | 408 | 425 | 500.. => [ErrorKind::InDoubt; 2],
                401 | 407 => [ErrorKind::Foreign; 2],
                411 | 413 | 414 | 431 => [ErrorKind::Refused; 2],
                300..=399 | 402..=406 | 410 | 451 => {
                    [ErrorKind::Foreign, ErrorKind::Intercepted]
                }
                _ => [ErrorKind::Refused, ErrorKind::InDoubt],
            };
            assert_eq!([free, paid], expected, "{status}");
        }
    }
}
