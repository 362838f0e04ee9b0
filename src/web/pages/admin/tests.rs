//! The pages printed from samples, in both languages.

use std::sync::Arc;

use askama::Template;

use super::forms::{PersonForm, SentPerson};
use super::import::{DoneImport, ImportPage, Preview};
use super::keys::{KeysPage, blank, role_options};
use super::people::{Head, PeoplePage, Row};
use super::person::{Access, NewPersonPage, PersonPage, Shown, role_boxes};
use super::roles::{Holder, RolesPage, heads, rights};
use super::settings::{Health, Inforce, SettingsPage, Source};
use super::teams::TeamsPage;
use crate::app::Wrong;
use crate::app::accounts::ManageRefusal;
use crate::app::people::{LineDone, LinePlan, Plan};
use crate::domain::Role;
use crate::sheet::{ReadError, RowFault};
use crate::storage::people_list::PersonRow;
use crate::web::i18n::Lang;
use crate::web::pages::check_sample;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{row_wrong, sheet_wrong};

/// What somebody might type.
const HOSTILE: &str = "<script>alert(1)</script>'; drop table employees; --";

fn check(name: &str, page: &impl Template, lang: Lang) -> String {
    let html = page.render().unwrap();
    check_sample(name, &html, lang);
    html
}

fn form(lang: Lang) -> PersonForm {
    let mut form = PersonForm::of(&SentPerson {
        code: "E001".into(),
        name: HOSTILE.into(),
        ..SentPerson::default()
    });
    let pointers = [
        "/code",
        "/name",
        "/email",
        "/phone",
        "/nickname",
        "/team",
        "/effective_on",
        "/hired_on",
        "/left_on",
    ];
    form.place(lang, &pointers.map(|p| Wrong::at(p, "english only")));
    form
}

fn row(disabled: bool, password: bool, roles: Option<&str>) -> PersonRow {
    PersonRow {
        id: 1,
        code: "E 1/2".into(),
        name: HOSTILE.into(),
        email: Some("a@firm.example".into()),
        team: Some("徐汇店".into()),
        hired_on: Some("2026-01-05".into()),
        left_on: Some("2026-10-31".into()),
        roles: roles.map(str::to_owned),
        has_password: password,
        is_disabled: disabled,
    }
}

#[test]
fn people_print_in_both_languages() {
    let today = jiff::civil::date(2026, 11, 20);
    for lang in Lang::ALL {
        let s = Shell::sample(lang, Place::AdminPeople);
        let all = [
            row(false, false, None),
            row(true, true, Some("employee,admin")),
            row(false, true, Some("employee")),
            row(false, false, Some("manager")),
        ];
        for is_filtered in [false, true] {
            let mut page = PeoplePage {
                s: s.clone(),
                text: HOSTILE.into(),
                team: String::new(),
                teams: vec![Opt::new("", lang.t("person-any-team"))],
                state: "left".into(),
                states: ["all", "active", "left", "without"]
                    .map(|w| Opt::new(w, lang.word("person-state", w)))
                    .to_vec(),
                sort: "name".into(),
                heads: vec![Head {
                    href: "/app/admin/people?sort=hired".into(),
                    label: "x".into(),
                    current: true,
                    descending: true,
                }],
                rows: all.clone().map(|r| Row::of(lang, r, today)).to_vec(),
                all: 4,
                previous: None,
                next: Some("/app/admin/people?page=2".into()),
                is_filtered,
            };
            let html = check("admin-people", &page, lang);
            assert!(!html.contains("<script>alert"), "{html}");
            page.rows.clear();
            check("admin-people-empty", &page, lang);
        }
        check(
            "admin-new-person",
            &NewPersonPage {
                s,
                f: form(lang),
                teams: vec!["徐汇店".into()],
            },
            lang,
        );
    }
}

#[test]
fn somebody_prints_in_every_state() {
    for lang in Lang::ALL {
        let access = |is_temporary, is_locked| Access {
            login: "zhang@firm.example".into(),
            has_password: true,
            is_temporary,
            is_locked,
            sessions: 2,
        };
        let refusals = [
            ManageRefusal::Left,
            ManageRefusal::Taken,
            ManageRefusal::Oneself,
            ManageRefusal::LastAdmin,
            ManageRefusal::NoRole,
        ];
        let done = [
            "created", "saved", "roles", "invited", "taken", "locked", "unlocked", "waits", "sessions",
        ];
        for (at, refusal) in refusals.into_iter().enumerate() {
            let shown = match at {
                0 => Some(Shown::Link("https://bole.example/app/signin/password/x".into())),
                1 => Some(Shown::Password("zhang".into(), "abcd-efgh".into())),
                _ => None,
            };
            let page = PersonPage {
                s: Shell::sample(lang, Place::AdminPeople),
                code: "E 1".into(),
                name: HOSTILE.into(),
                f: form(lang),
                teams: vec!["徐汇店".into()],
                access: (at > 0).then(|| access(at == 2, at == 3)),
                roles: role_boxes(lang, &[Role::Employee]),
                is_self: at == 4,
                is_gone: at == 0,
                can_mail: true,
                done: Some(lang.word("person-done", done[at]).to_string()),
                error: Some(super::refused(lang, refusal).unwrap()),
                shown,
            };
            let html = check("admin-person", &page, lang);
            assert!(!html.contains("<script>alert"), "{html}");
        }
        for word in done {
            assert!(!lang.word("person-done", word).to_string().contains("Unknown"));
        }
    }
}

#[test]
fn an_import_prints_before_and_after() {
    let line = |line, done| LinePlan {
        line,
        code: "E1".into(),
        name: HOSTILE.into(),
        done,
    };
    let faults = [
        RowFault::Unreadable,
        RowFault::NoHeader,
        RowFault::Cells {
            expected: 2,
            found: 3,
        },
        RowFault::Number {
            column: "金额".into(),
            value: "1e13".into(),
        },
        RowFault::Date {
            column: "日期".into(),
        },
        RowFault::Formula {
            column: "日期".into(),
        },
        RowFault::Error {
            column: "日期".into(),
            value: "#DIV/0!".into(),
        },
    ];
    let files = [
        ReadError::Encoding,
        ReadError::Old,
        ReadError::Damaged,
        ReadError::Empty(String::new()),
        ReadError::Missing {
            missing: "code".into(),
            found: "x".into(),
        },
        ReadError::Twice("code".into()),
        ReadError::TooLong,
        ReadError::TooWide,
        ReadError::TooLarge,
        ReadError::Bomb,
    ];
    for lang in Lang::ALL {
        for fault in &faults {
            assert!(!row_wrong(lang, fault).to_string().contains("Unknown"), "{fault}");
        }
        let plan = Plan {
            encoding: "GB18030",
            ignored_columns: vec!["备注".into()],
            other_sheets: vec!["说明".into()],
            lines: vec![
                line(2, LineDone::Created),
                line(3, LineDone::Unchanged),
                line(
                    4,
                    LineDone::Updated(vec![
                        ("name", "甲".into(), HOSTILE.into()),
                        ("team", String::new(), "乙".into()),
                    ]),
                ),
                line(5, LineDone::Rejected(vec![("/left_on", "english".into())])),
                line(6, LineDone::Broken(RowFault::Unreadable)),
            ],
        };
        let mut page = ImportPage {
            s: Shell::sample(lang, Place::AdminPeople),
            file: Field::empty("file"),
            preview: Some(Preview::of(lang, plan, "token".into())),
            done: None,
            error: None,
        };
        let html = check("admin-import", &page, lang);
        assert!(
            !html.contains("<script>alert") && !html.contains("english"),
            "{html}"
        );
        page.preview = None;
        page.done = Some(DoneImport {
            created: 1,
            updated: 2,
            unchanged: 3,
            rejected: 4,
        });
        page.error = Some(lang.word("import-refused", "changed").to_string());
        check("admin-import-done", &page, lang);
        for error in &files {
            page.file = Field::empty("file").wrong(sheet_wrong(lang, error));
            check("admin-import-wrong", &page, lang);
        }
    }
}

#[test]
fn teams_roles_keys_and_settings_print() {
    for lang in Lang::ALL {
        let shell = |place| Shell::sample(lang, place);
        let mut teams = TeamsPage {
            s: shell(Place::AdminTeams),
            rows: vec![super::teams::Row {
                id: 1,
                name: HOSTILE.into(),
                href: "/app/admin/people?team=x".into(),
                people: 3,
            }],
            name: Field::new("name", HOSTILE).wrong(lang.word("team-wrong", "taken")),
            done: Some(lang.word("team-done", "founded").to_string()),
            error: Some(lang.word("team-wrong", "name").to_string()),
        };
        check("admin-teams", &teams, lang);
        teams.rows.clear();
        check("admin-teams-empty", &teams, lang);
        let roles = RolesPage {
            s: shell(Place::AdminRoles),
            heads: heads(lang),
            rights: rights(lang),
            holders: vec![Holder {
                name: "王芳".into(),
                login: "admin@firm.example".into(),
                href: Some("/app/admin/people/E1".into()),
                roles: vec!["x".into(), "y".into()],
                is_locked: true,
            }],
        };
        check("admin-roles", &roles, lang);
        let mut f = blank();
        for name in ["name", "role", "employee", "expires_on"] {
            f.refuse(lang, name);
        }
        let mut keys = KeysPage {
            s: shell(Place::AdminKeys),
            rows: vec![super::keys::Row {
                id: 1,
                name: HOSTILE.into(),
                role: "x".into(),
                owner: Some("张晓雯".into()),
                made: "2026-11-01T02:00:00Z".parse().unwrap(),
                expires: Some("2027-11-01T02:00:00Z".parse().unwrap()),
                state: ("good", "check", lang.word("key-state", "live").to_string()),
                is_live: true,
            }],
            f,
            roles: role_options(lang),
            made: Some("bole_x".into()),
            done: Some(lang.t("key-done-revoked").to_string()),
        };
        check("admin-keys", &keys, lang);
        keys.rows.clear();
        check("admin-keys-empty", &keys, lang);
        let settings = SettingsPage {
            s: shell(Place::AdminSettings),
            health: vec![Health {
                label: lang.t("health-store").to_string(),
                href: "/app/admin/webhooks",
                state: ("good", "check", lang.word("health", "answers").to_string()),
            }],
            files: vec![Source {
                path: "/data/country.mmdb".into(),
                kind: "Country".into(),
                error: Some("damaged".into()),
            }],
            kept: vec![(lang.t("kept-contacts").to_string(), 180)],
            networks: vec![(lang.t("networks-internal").to_string(), String::new())],
            settings: Arc::from([Inforce {
                name: "base_url",
                value: String::new(),
            }]),
            version: "0.1.0",
        };
        check("admin-settings", &settings, lang);
    }
}

#[test]
fn the_log_prints_what_was_noted() {
    use super::audit::{AuditPage, Row};
    for lang in Lang::ALL {
        let mut page = AuditPage {
            s: Shell::sample(lang, Place::AdminAudit),
            title: "操作日志".into(),
            base: "/app/admin/audit",
            actor: Field::new("actor", HOSTILE),
            action: String::new(),
            actions: vec![Opt::new("", lang.t("audit-any"))],
            subject: Field::empty("subject"),
            from: Field::empty("from").wrong(lang.t("form-date")),
            to: Field::empty("to"),
            rows: vec![Row {
                at: "2026-11-19T02:00:00Z".parse().unwrap(),
                actor: "王芳".into(),
                word: "account:1".into(),
                action: "account.roles".into(),
                act: lang.word("act", "account-roles").to_string(),
                subject: "account:7".into(),
                detail: vec![("after".into(), HOSTILE.into()), ("before".into(), "[]".into())],
            }],
            csv: "/app/admin/audit.csv?".into(),
            previous: None,
            next: None,
        };
        let html = check("admin-audit", &page, lang);
        assert!(!html.contains("<script>alert"), "{html}");
        page.rows.clear();
        check("admin-audit-empty", &page, lang);
    }
}
