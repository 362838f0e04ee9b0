//! The board printed from samples.

use std::collections::HashMap;

use super::*;
use crate::app::board::{BoardRow, Restated};
use crate::ranking::Value;

fn row(rank: i64, name: &str, points: i64, moved: Option<i64>, missing: Option<i64>) -> BoardRow {
    BoardRow {
        rank,
        subject: rank,
        code: format!("e{rank}"),
        name: name.into(),
        value: Value::whole(points),
        moved,
        missing: missing.map(Value::whole),
        restated: None,
        mine: name == "张晓雯",
    }
}

fn sample_board(frozen: bool) -> Board {
    let mut rows = vec![
        row(1, "李梦", 415, Some(0), None),
        row(2, "王思远", 350, Some(1), Some(65)),
        row(2, "小满", 350, Some(3), Some(65)),
        row(4, "陈佳怡", 307, Some(-2), Some(43)),
        row(5, "张晓雯", 285, Some(2), Some(22)),
        row(6, "*", 240, None, Some(45)),
    ];
    if frozen {
        rows[1].restated = Some(Restated {
            rank: Some(1),
            value: Value::whole(430),
        });
        rows[2].restated = Some(Restated {
            rank: Some(3),
            value: Value::whole(350),
        });
    }
    Board {
        period: Period::parse("2026-W47").unwrap(),
        metric: Metric::Points,
        by: By::Employee,
        frozen_at: frozen.then_some(1_795_449_600_000),
        rows,
        late: Vec::new(),
    }
}

fn page(lang: Lang, frozen: bool, empty: bool) -> String {
    let mut board = sample_board(frozen);
    if empty {
        board.rows.clear();
    }
    let teams: HashMap<i64, String> = [(1, "静安店".to_owned()), (5, "徐汇店".to_owned())].into();
    let scale = Scale::of(lang, &board, &teams);
    let which = Which {
        period: board.period,
        metric: board.metric,
        by: board.by,
    };
    let before = which.with_period(which.period.previous().unwrap());
    let rows: Vec<RowView> = board.rows.iter().map(|r| scale.row(r)).collect();
    let html = BoardPage {
        s: Shell::sample(lang, Place::Board),
        which,
        spans: vec![
            Choice::new(
                "/app/board?period=2026-W46",
                lang.word("board-span", "over").with("period", "46"),
                false,
            ),
            Choice::new(
                "/app/board?period=2026-W47",
                lang.word("board-span", "running").with("period", "47"),
                true,
            ),
        ],
        who: By::ALL
            .map(|by| Choice::new("/app/board", lang.word("board-by", by), by == which.by))
            .to_vec(),
        periods: vec![Opt::new("2026-W47", "47")],
        metrics: Metric::ALL
            .map(|m| Opt::new(m, lang.word("board-metric", m)))
            .to_vec(),
        frozen_at: board
            .frozen_at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        freezes_at: "2026-11-23T16:00:00Z".parse().unwrap(),
        late: Vec::new(),
        mine: scale.mine(&board, 5),
        more: Some(20),
        rows: rows.clone(),
        goals: Vec::new(),
        vote: (!frozen).then(|| Period::parse("2026-11").unwrap()),
        published: frozen.then(|| ("恭喜".to_owned(), "2026-11-24T01:00:00Z".parse().unwrap())),
        side: (!frozen).then(|| side_of(lang, before, &sample_board(true))),
    }
    .render()
    .unwrap();
    crate::web::pages::check_sample(
        if empty {
            "board-empty"
        } else if frozen {
            "board-frozen"
        } else {
            "board"
        },
        &html,
        lang,
    );
    let screen = screen::sample(Shell::sample(lang, Place::Board), which, rows);
    crate::web::pages::check_sample(if empty { "screen-empty" } else { "screen" }, &screen, lang);
    html
}

#[test]
fn a_running_board_pins_my_place_and_says_how_far_the_next_is() {
    let html = page(Lang::Zh, false, false);
    assert!(
        html.contains("距第 4 名差 22 分，再有 5 次有效点击就到。"),
        "{html}"
    );
    assert!(html.contains("张晓雯（我）") && html.contains("未公开姓名"));
    assert!(
        html.contains("更正 +80，现为 430"),
        "the week before, restated, stands beside"
    );
    assert!(page(Lang::En, false, false).contains("22 points behind place 4"));
}

#[test]
fn a_frozen_board_shows_what_changed_since() {
    for lang in Lang::ALL {
        let html = page(lang, true, false);
        assert!(html.contains("class=\"restated\""));
        assert!(html.contains("430"));
    }
}

#[test]
fn a_board_nobody_is_on_says_so() {
    for lang in Lang::ALL {
        let html = page(lang, false, true);
        assert!(html.contains("class=\"empty\"") && !html.contains("<tbody>\n  </tbody>"));
    }
}

#[test]
fn teams_are_shown_per_member_with_their_total() {
    let mut board = sample_board(false);
    board.by = By::Team;
    board.rows = vec![BoardRow {
        value: Value::shared(812, 4),
        ..row(2, "徐汇店", 0, None, Some(10))
    }];
    let teams = HashMap::new();
    let scale = Scale::of(Lang::Zh, &board, &teams);
    let shown = scale.row(&board.rows[0]);
    assert_eq!(
        (shown.value.as_str(), shown.small.as_str()),
        ("203.0", "4 人，共 812")
    );
}
