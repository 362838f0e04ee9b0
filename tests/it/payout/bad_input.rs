//! Bad input at the command line: exit 1, the place, what was found and expected on stderr, nothing on stdout, no panic.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// `bole scheme …` with this on stdin.
pub(super) fn bole(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bole"))
        .arg("scheme")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("our binary");
    let mut pipe = child.stdin.take().expect("a pipe");
    let text = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that refuses early does not read to the end.
        let _ = pipe.write_all(&text);
    });
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("no panic");
    output
}

/// What a refused run says; it must say it the way the contract wants.
pub(super) fn refused(name: &str, args: &[&str], stdin: &[u8]) -> String {
    let out = bole(args, stdin);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{name}: {said}");
    assert!(
        out.stdout.is_empty(),
        "{name}: {}",
        String::from_utf8_lossy(&out.stdout)
    );
    assert!(!said.contains("panicked") && said.len() < 4_000, "{name}: {said}");
    said
}

/// An input that team PK pays out: one team, one receipt.
pub(super) fn base() -> Value {
    json!({ "period": { "from": "2026-04-26", "to": "2026-04-29" }, "params": { "company_add": "600" },
        "roster": [{ "id": "a", "team": "A", "stake": "500" }],
        "facts": [
            { "kind": "target", "occurred": "2026-04-25", "team": "A", "min": "1", "max": "2" },
            { "kind": "receipt", "id": "r", "occurred": "2026-04-28", "team": "A", "amount": "300000.00" } ] })
}

pub(super) fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut input = base();
    let (up, key) = pointer.rsplit_once('/').expect("a pointer");
    match input.pointer_mut(up).expect("a place") {
        Value::Array(list) => list.push(value),
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        other => panic!("{other}"),
    }
    input.to_string().into_bytes()
}

pub(super) const RUN: [&str; 4] = ["run", "10-team-pk", "--input", "-"];

#[test]
fn given_the_good_input_when_run_then_it_is_paid() {
    let out = bole(&[&RUN[..], &["--json"]].concat(), base().to_string().as_bytes());
    let text = String::from_utf8_lossy(&out.stdout);
    let json: Value = serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&out.stderr)));
    assert_eq!((out.status.code(), &json["total"]), (Some(0), &json!("1100.00")));
    // Nobody in the pool is no fault: what was not given is reported.
    let out = bole(&[&RUN[..], &["--json"]].concat(), &with("/roster", json!([])));
    let json: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!((out.status.code(), &json["lines"]), (Some(0), &json!([])));
}

#[test]
fn given_bad_values_when_run_then_the_json_path_and_the_expectation_are_said() {
    let fact = |field: &str, value: Value| {
        let mut fact = json!({ "kind": "receipt", "occurred": "2026-04-28", "team": "A", "amount": "1" });
        fact[field] = value;
        with("/facts/-", fact)
    };
    let text = "长".repeat(300_000);
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        (
            "a float",
            fact("amount", json!(0.1)),
            &["facts[2].amount", "the float 0.1", "floats are refused"],
        ),
        (
            "a bare number",
            fact("amount", json!(100)),
            &["facts[2].amount", "the number 100", "in quotes"],
        ),
        (
            "an exponent",
            fact("amount", json!("1e3")),
            &["facts[2].amount", "\"1e3\""],
        ),
        (
            "not a number",
            fact("amount", json!("NaN")),
            &["facts[2].amount", "\"NaN\""],
        ),
        (
            "nothing",
            fact("amount", Value::Null),
            &["facts[2].amount", "null"],
        ),
        (
            "10^18",
            fact("amount", json!("1000000000000000000")),
            &["facts[2].amount", "below 10^18"],
        ),
        (
            "-10^18",
            fact("amount", json!("-1000000000000000000")),
            &["facts[2].amount", "below 10^18"],
        ),
        (
            "more digits than a number has",
            fact("amount", json!("9".repeat(70))),
            &["facts[2].amount"],
        ),
        (
            "an unknown field",
            fact("tip", json!("1")),
            &["facts[2].tip", "unknown field `tip`", "`amount`"],
        ),
        (
            "an unknown kind",
            fact("kind", json!("recept")),
            &["facts[2].kind", "\"recept\"", "`receipt`"],
        ),
        (
            "a day that is none",
            fact("occurred", json!("2026-02-30")),
            &["facts[2].occurred", "a date or instant"],
        ),
        (
            "a year out of range",
            fact("occurred", json!("9999-01-01")),
            &["facts[2].occurred", "1900 to 2199"],
        ),
        (
            "a year before all",
            fact("occurred", json!("0001-01-01")),
            &["facts[2].occurred", "1900 to 2199"],
        ),
        (
            "huge text",
            fact("team", json!(text)),
            &["facts[2].team", "1 to 500 bytes"],
        ),
        (
            "NUL in a text",
            fact("team", json!("A\0")),
            &["facts[2].team", "without control characters"],
        ),
        (
            "the same revision",
            with(
                "/facts/-",
                json!({ "kind": "receipt", "id": "r", "occurred": "2026-04-28", "team": "A", "amount": "1" }),
            ),
            &["facts[2]", "again with the same revision"],
        ),
        (
            "a person twice",
            with("/roster/-", json!({ "id": "a", "team": "B" })),
            &["roster[1]", "first at roster[0]"],
        ),
        (
            "an unknown attribute",
            with("/roster/-", json!({ "id": "b", "team": "A", "shoe": "43" })),
            &["roster[1].shoe"],
        ),
        (
            "a missing attribute",
            with("/roster/-", json!({ "id": "b" })),
            &["roster[1]", "`team` is missing"],
        ),
        (
            "an unknown parameter",
            with("/params/company_ad", json!("1")),
            &["params.company_ad"],
        ),
        (
            "a parameter out of range",
            with("/params/stake_max", json!("5001")),
            &["params.stake_max", "at most 5000"],
        ),
        (
            "a wrong option",
            with("/params/tie", json!("dice")),
            &["params.tie", "`by_stake`"],
        ),
        (
            "an unknown section",
            with("/fact", json!([])),
            &["fact", "`facts`"],
        ),
        (
            "no period",
            json!({ "facts": [] }).to_string().into_bytes(),
            &["$", "`period` is missing"],
        ),
        (
            "a period backwards",
            with("/period", json!({ "from": "2026-05-01", "to": "2026-04-01" })),
            &["period", "`to` after `from`"],
        ),
        (
            "a period before the scheme",
            with("/period", json!({ "from": "1999-01-01", "to": "1999-02-01" })),
            &["period", "holds"],
        ),
        (
            "facts that are no list",
            with("/facts", json!({ "kind": "receipt" })),
            &["facts", "a list"],
        ),
        (
            "a fact that is no table",
            with("/facts/-", json!(7)),
            &["facts[2]", "a table"],
        ),
        ("a list", b"[]".to_vec(), &["$", "a table of names and values"]),
    ];
    for (name, stdin, words) in cases {
        let said = refused(name, &RUN, &stdin);
        assert!(words.iter().all(|w| said.contains(w)), "{name}: {said}");
    }
}

#[test]
fn given_text_that_is_no_input_when_run_then_line_and_column_are_said() {
    let good = base().to_string();
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("nothing", Vec::new(), &["line 1, column 1", "the text ends here"]),
        (
            "half of it",
            good.as_bytes()[..good.len() - 5].to_vec(),
            &["line 1"],
        ),
        (
            "two of them",
            [good.as_bytes(), b"\n", good.as_bytes()].concat(),
            &["line 2, column 1"],
        ),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf", good.as_bytes()].concat(),
            &["line 1, column 1", "a byte order mark"],
        ),
        (
            "NUL",
            b"{\"period\":\0}".to_vec(),
            &["line 1, column 11", "U+0000"],
        ),
        ("not UTF-8", b"{\"period\":\"\xff\"}".to_vec(), &["UTF-8"]),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec(), &["UTF-8"]),
        (
            "a name twice",
            b"{\"period\":{\"from\":\"2026-04-26\",\"from\":\"2026-04-27\",\"to\":\"2026-05-01\"}}".to_vec(),
            &["period", "`from` twice"],
        ),
        (
            "facts twice",
            good.replacen("\"facts\":", "\"facts\":[],\"facts\":", 1)
                .into_bytes(),
            &["`facts` twice"],
        ),
        (
            "a field twice",
            good.replacen("\"amount\":", "\"amount\":\"1\",\"amount\":", 1)
                .into_bytes(),
            &["facts[1]", "`amount` twice"],
        ),
        (
            "deep nesting",
            format!("{{\"params\":{}", "[".repeat(1_000_000)).into_bytes(),
            &["nesting deeper than 32"],
        ),
        ("TOML", b"[period]\nfrom = 1".to_vec(), &["line 1"]),
    ];
    for (name, stdin, words) in cases {
        let said = refused(name, &RUN, &stdin);
        assert!(words.iter().all(|w| said.contains(w)), "{name}: {said}");
    }
    let said = refused(
        "no such file",
        &["run", "10-team-pk", "--input", "/nowhere/in.json"],
        b"",
    );
    assert!(said.contains("/nowhere/in.json"), "{said}");
    let said = refused("no such scheme", &["run", "77-nothing", "--input", "-"], b"");
    assert!(
        said.contains("no scheme `77-nothing`") && said.contains("10-team-pk"),
        "{said}"
    );
    let said = refused(
        "a missing parameter",
        &["run", "04-conference", "--input", "-"],
        br#"{"period":{"from":"2026-04-01","to":"2026-05-01"}}"#,
    );
    assert!(
        said.contains("no scheme") || said.contains("is not configured"),
        "{said}"
    );
    let bands: Vec<Value> = (0..1_000_001)
        .map(|n| json!({ "from": n.to_string(), "gives": "1%" }))
        .collect();
    let input =
        json!({ "period": { "from": "2026-04-01", "to": "2026-05-01" }, "params": { "batch_bands": bands } });
    let said = refused(
        "a million bands",
        &["run", "07-new-customers", "--input", "-"],
        input.to_string().as_bytes(),
    );
    assert!(
        said.contains("params.batch_bands: 1000001 bands; expected 1 to 1000 bands"),
        "{said}"
    );
}

#[test]
fn given_bad_documents_when_checked_then_file_line_and_column_are_said() {
    let head = "[scheme]\nid = \"16-x\"\nzh = \"一\"\nen = \"x\"\nsource = \"test\"\nfrom = \"2026-01-01\"\n";
    let cycle = "[fact.x]\nfields = { m = \"money\" }\n\
        [[step]]\nid = \"a\"\ndo = \"derive\"\nfrom = \"b\"\ncolumns = { y = \"m\" }\n\
        [[step]]\nid = \"b\"\ndo = \"derive\"\nfrom = \"a\"\ncolumns = { z = \"y\" }\n";
    let deep = format!("x = {}", "[".repeat(100_000));
    let expression = format!(
        "[[step]]\nid = \"a\"\ndo = \"select\"\nfrom = \"roster\"\nwhere = \"{}id = 'a'\"\n",
        "not ".repeat(100)
    );
    let huge = format!("# {}\n", "x".repeat(2_100_000));
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("nothing", Vec::new(), &["-->", "`[scheme]`"]),
        (
            "cyclic steps",
            format!("{head}{cycle}").into_bytes(),
            &["-:12:8", "does not come before", "only earlier steps"],
        ),
        ("deep nesting", deep.into_bytes(), &["-:1:"]),
        (
            "a deep expression",
            format!("{head}{expression}").into_bytes(),
            &["-:11:", "nested"],
        ),
        (
            "huge text",
            format!("{head}{huge}").into_bytes(),
            &["at most 2000000 bytes"],
        ),
        (
            "a name twice",
            format!("{head}id = \"16-y\"\n").into_bytes(),
            &["-:7:1", "duplicate key"],
        ),
        ("NUL", format!("{head}\0").into_bytes(), &["-:7:"]),
        ("not UTF-8", b"[scheme]\nid = \"\xff\"".to_vec(), &["UTF-8"]),
        (
            "a float",
            format!("{head}[roster]\nx = {{ type = \"money\", default = 0.5 }}\n").into_bytes(),
            &["-:8:", "the float 0.5"],
        ),
        (
            "a date that is none",
            head.replace("2026-01-01", "2026-13-01").into_bytes(),
            &["-:6:8", "a date like"],
        ),
        (
            "a date out of range",
            head.replace("2026-01-01", "3026-01-01").into_bytes(),
            &["-:6:8", "a date like"],
        ),
        ("JSON", b"{\"scheme\": {}}".to_vec(), &["-:1:"]),
    ];
    for (name, stdin, words) in cases {
        let said = refused(name, &["check", "-"], &stdin);
        assert!(words.iter().all(|w| said.contains(w)), "{name}: {said}");
    }
}

#[test]
fn given_a_folder_of_documents_when_named_before_or_after_the_subcommand_then_it_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let guide = include_str!("../../../schemes/README.md");
    let sixteenth = guide
        .rsplit("```toml\n")
        .next()
        .and_then(|t| t.split("```").next())
        .expect("the sixteenth");
    std::fs::write(folder.path().join("16-referral.toml"), sixteenth).expect("a file");
    let dir = folder.path().to_str().expect("a path");
    for args in [
        ["--schemes", dir, "list", "--json"],
        ["list", "--schemes", dir, "--json"],
        ["list", "--json", "--schemes", dir],
    ] {
        let out = bole(&args, b"");
        let said = String::from_utf8_lossy(&out.stderr);
        let list: Vec<Value> =
            serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{args:?}: {e} {said}"));
        assert_eq!(
            list.iter().filter(|d| d["id"] == "16-referral").count(),
            1,
            "{args:?}"
        );
        assert!(list.len() > 30, "the built-in ones are there: {args:?}");
    }
    for args in [
        ["--schemes", dir, "test", "16-referral"],
        ["test", "16-referral", "--schemes", dir],
    ] {
        let out = bole(&args, b"");
        assert_eq!(
            out.status.code(),
            Some(0),
            "{args:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
    let said = refused("no folder", &["--schemes", "/nowhere", "list"], b"");
    assert!(
        said.contains("/nowhere") && said.contains("a folder of schemes"),
        "{said}"
    );
}

#[test]
fn given_a_folders_document_with_a_built_in_id_when_its_file_is_called_otherwise_then_it_takes_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("a path");
    let own = include_str!("../../../schemes/10-team-pk.toml").replacen("version = 2", "version = 77", 1);
    std::fs::write(folder.path().join("mine.toml"), &own).expect("a file");
    let listed = |args: &[&str]| -> Value {
        let out = bole(args, b"");
        let said = String::from_utf8_lossy(&out.stderr);
        serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{args:?}: {e} {said}"))
    };
    let list = listed(&["list", "--json", "--schemes", dir]);
    let versions: Vec<&Value> = list
        .as_array()
        .expect("a list")
        .iter()
        .filter(|d| d["id"] == "10-team-pk")
        .map(|d| &d["version"])
        .collect();
    assert_eq!(versions, [77]);
    for name in ["10-team-pk", "mine"] {
        assert_eq!(
            listed(&["show", name, "--json", "--schemes", dir])["version"],
            77,
            "{name}"
        );
    }
    // With a fault it is refused, and the built-in one is not run in its place.
    let broken = own.replacen("do = \"select\"", "do = \"selects\"", 1);
    std::fs::write(folder.path().join("mine.toml"), broken).expect("a file");
    let said = refused(
        "a fault",
        &[&RUN[..], &["--schemes", dir]].concat(),
        base().to_string().as_bytes(),
    );
    assert!(said.contains("mine.toml:") && said.contains("selects"), "{said}");
    std::fs::write(folder.path().join("mine.toml"), "[scheme").expect("a file");
    let said = refused(
        "no TOML",
        &[&RUN[..], &["--schemes", dir]].concat(),
        base().to_string().as_bytes(),
    );
    assert!(said.contains("mine.toml:1:"), "{said}");
    for name in ["mine.toml", "other.toml"] {
        std::fs::write(folder.path().join(name), &own).expect("a file");
    }
    let said = refused("one id twice", &["list", "--schemes", dir], b"");
    assert!(
        said.contains("mine.toml") && said.contains("other.toml") && said.contains("`10-team-pk`"),
        "{said}"
    );
}
