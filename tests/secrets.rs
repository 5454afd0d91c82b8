//! Secrets are never seen: not in arguments, logs, errors, state or output, in whatever form.

use crate::support::binary::{KEY, Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::Options;
use std::{fs, path::Path, time::Duration};

/// The canary as it is, in base64 as `printf %s KEY | base64` gives it, and URL-encoded.
const FORMS: [&str; 4] = [
    KEY,
    "c2tfdGVzdF9jYW5hcnkrLzdmM2E9PTlj",
    "sk_test_canary%2B%2F7f3a%3D%3D9c",
    "sk_test_canary%2b%2f7f3a%3d%3d9c",
];

fn assert_absent(place: &str, bytes: &[u8]) {
    for form in FORMS {
        let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
        assert!(!found, "{place} holds the secret as {form}");
    }
}

fn search(folder: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += search(&path);
        } else {
            assert_absent(&path.display().to_string(), &fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

#[test]
fn the_key_is_nowhere_to_be_found() {
    let server = Server::start(Options {
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        ..Options::default()
    });
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..150));
    let good = finder_pipeline(&server, "plan: growth", "");
    let broken = good.replace("sink:", "sunk:");
    let in_the_wrong_place =
        good.replace("name: people", "name: \"${env:ENRICH_API_KEY}\"");
    let echoed =
        good.replace(&server.base_url, "http://127.0.0.1:9/${env:ENRICH_API_KEY}");
    let written = good.replace("${env:ENRICH_API_KEY}", KEY);
    let mut texts = 0;
    for (text, codes) in [
        (broken, [2, 2]),
        (in_the_wrong_place, [2, 2]),
        (echoed, [0, 1]),
        (written, [0, 0]),
        (good, [0, 0]),
    ] {
        place.write("pipeline.yaml", &text);
        for (verb, code) in ["plan", "run"].into_iter().zip(codes) {
            for output in ["text", "json"] {
                let ended = place.leadmill(&[verb, "pipeline.yaml", "--output", output]);
                assert_absent(verb, ended.stdout.as_bytes());
                assert_absent(verb, ended.stderr.as_bytes());
                ended.expect(code);
                texts += 1;
            }
        }
    }
    assert_eq!(texts, 20);
    fs::remove_file(place.path("pipeline.yaml")).unwrap();
    assert!(search(place.folder.path()) > 3, "the state and the output were searched");
}

/// A provider that repeats the key in its errors: it reaches neither the streams nor the journal.
#[test]
fn a_key_that_the_provider_repeats_is_taken_out() {
    let (_runtime, base_url) =
        replying((400, serde_json::json!({ "detail": FORMS.join(" and ") })));
    let server = Server::start(Options::default());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..5));
    let text =
        finder_pipeline(&server, "plan: growth", "").replace(&server.base_url, &base_url);
    place.write("pipeline.yaml", &text);
    for output in ["text", "json"] {
        let ended =
            place.leadmill(&["run", "pipeline.yaml", "--output", output]).expect(3);
        assert!(ended.stderr.contains("[secret] and [secret]"), "{}", ended.stderr);
        assert_absent("stdout", ended.stdout.as_bytes());
        assert_absent("stderr", ended.stderr.as_bytes());
    }
    assert!(search(place.folder.path()) > 3);
}

/// Nor does one that it repeats in an answer, which is kept.
#[test]
fn a_key_in_an_answer_is_kept_nowhere() {
    let told = FORMS.join(" and ");
    let answer = serde_json::json!({
        "firstName": "Ada", "lastName": "Byron", "domain": "example.com", "found": true,
        "email": "ada@example.com", "confidence": "high", "provider": told, "message": told,
    });
    let meta = serde_json::json!({ "creditsUsed": 10 });
    let reply = serde_json::json!({ "success": true, "data": answer, "meta": meta });
    let (_runtime, base_url) = replying((200, reply));
    let server = Server::start(Options::default());
    let place = Workplace::new();
    place.write(
        "leads.csv",
        "lead_id,first_name,last_name,domain\n1,Ada,Byron,example.com\n",
    );
    let text = finder_pipeline(&server, "plan: growth", "")
        .replace(&server.base_url, &base_url)
        .replace(
            "    output:",
            "    try: [{ provider: enrich, lane: single }]\n    output:",
        )
        .replace("level: confidence_level", "note: message");
    place.write("pipeline.yaml", &text);
    let ended = place.leadmill(&["run", "pipeline.yaml"]).expect(0);
    assert!(ended.stderr.contains("1 hit"), "{}", ended.stderr);
    assert!(search(place.folder.path()) > 3);
}

/// The address of a provider with 1,000 credits that gives this reply to whatever is posted.
fn replying(reply: (u16, serde_json::Value)) -> (tokio::runtime::Runtime, String) {
    use axum::{Json, Router, http::StatusCode};
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let base_url = runtime.block_on(async {
        let (status, body) = (StatusCode::from_u16(reply.0).unwrap(), reply.1);
        let reply = async move |method: http::Method| match method {
            http::Method::GET => {
                (StatusCode::OK, Json(serde_json::json!({ "data": { "balance": 1000 } })))
            }
            _ => (status, Json(body.clone())),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(reply)).await
        });
        format!("http://127.0.0.1:{port}/api/v3")
    });
    (runtime, base_url)
}
