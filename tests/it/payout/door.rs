//! What the command line takes and says: a folder's own documents, people nobody knows, refunds of nothing.

use serde_json::{Value, json};

use super::bad_input::{RUN, base, bole, refused, with};

#[test]
fn given_a_folders_document_whose_own_examples_fail_when_run_then_it_is_refused_and_a_draft_is_only_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("a path");
    let ours = include_str!("../../../schemes/10-team-pk.toml");
    let wrong = ours.replacen(
        "expect = { lines = [\"",
        "expect = { lines = [\"nobody champion 1.00\", \"",
        1,
    );
    assert_ne!(ours, wrong);
    let file = folder.path().join("10-team-pk.toml");
    std::fs::write(&file, &wrong).expect("a file");
    for args in [
        &RUN[..],
        &["list"],
        &["show", "10-team-pk"],
        &["explain", "10-team-pk", "--input", "-", "--payee", "a"],
    ] {
        let args = [args, &["--schemes", dir]].concat();
        let said = refused("a failing example", &args, base().to_string().as_bytes());
        assert!(
            said.contains("example `") && said.contains("nobody champion 1.00"),
            "{said}"
        );
    }
    let path = file.to_str().expect("a path");
    let said = refused(
        "the file itself",
        &["run", path, "--input", "-"],
        base().to_string().as_bytes(),
    );
    assert!(said.contains("example `"), "{said}");
    let out = bole(&["diff", "10-team-pk", path], b"");
    let noted = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{noted}");
    assert!(noted.contains("example `"), "{noted}");
}

#[test]
fn given_somebody_nobody_knows_when_explained_then_it_is_refused_and_who_gets_nothing_is_told_so() {
    let explain =
        |payee: &str| ["explain", "10-team-pk", "--input", "-", "--payee", payee].map(str::to_owned);
    let args = explain("zz");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let said = refused("nobody", &args, base().to_string().as_bytes());
    assert!(said.contains("--payee: nobody `zz`"), "{said}");
    let args = explain("b");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let out = bole(&args, &with("/roster/-", json!({ "id": "b", "team": "B" })));
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn given_a_refund_of_a_receipt_that_is_not_there_when_run_then_it_is_told() {
    let refund = |of: &str| {
        with(
            "/facts/-",
            json!({ "kind": "refund", "id": "back", "occurred": "2026-04-28", "of": of, "amount": "1.00" }),
        )
    };
    let warned = |of: &str| -> Vec<Value> {
        let out = bole(&[&RUN[..], &["--json"]].concat(), &refund(of));
        let json: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let warnings = json["warnings"].as_array().expect("warnings").iter();
        warnings
            .filter(|w| w["component"] == "refund_of_nothing")
            .cloned()
            .collect()
    };
    assert_eq!(warned("r"), [] as [Value; 0]);
    let told = warned("nope");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].to_string().contains("nope") && told[0].to_string().contains("back"),
        "{told:?}"
    );
}
