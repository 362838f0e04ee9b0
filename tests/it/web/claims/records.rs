//! The CRM's records by hand and by file, and how a claim stands beside them.

use super::{SALE, filed, firm, review, signed_in};
use crate::support::TestDb;

const RECORD: [(&str, &str); 6] = [
    ("external_id", "OPP-1"),
    ("contact", "13800138000"),
    ("order", ""),
    ("source_note", "员工推荐－张晓雯"),
    ("created_by", "前台"),
    ("occurred_on", "2026-11-17"),
];

async fn given_a_record_by_hand_when_it_names_the_claimant_then_the_claim_is_verified(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut qian = signed_in(&app, "qian").await;
    let claim = filed(&mut zhang, &SALE).await;
    let mut wrong = RECORD.to_vec();
    wrong[5] = ("occurred_on", "17.11.");
    let refused = qian.post("/app/review/crm", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("id=\"occurred_on-error\"") && refused.body.contains("OPP-1"),
        "{}",
        refused.body
    );
    let taken = qian.post("/app/review/crm", &RECORD).await;
    assert_eq!(taken.status, 303, "{}", taken.body);
    let said = qian.get(taken.header("location")).await.body;
    assert!(
        said.contains("核实了报单") && said.contains(&review(&claim)),
        "{said}"
    );
    assert!(zhang.get(&claim).await.body.contains("已核实"));
    let again = qian.post("/app/review/crm", &RECORD).await;
    assert!(again.header("location").contains("done=known"), "{}", again.body);
    let mut other = RECORD.to_vec();
    other[4] = ("created_by", "店长");
    let other = qian.post("/app/review/crm", &other).await;
    assert_eq!(other.status, 409);
    assert!(other.body.contains("内容不同"), "{}", other.body);
}

async fn given_records_that_prove_nothing_when_a_claim_is_opened_then_it_says_why(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut qian = signed_in(&app, "qian").await;
    let claim = filed(&mut zhang, &SALE).await;
    for (id, note, author) in [
        ("OPP-1", "员工推荐-张晓雯", "zhang"),
        ("OPP-2", "员工推荐-李梦", "前台"),
        ("OPP-3", "老客户介绍", "前台"),
        ("OPP-4", "员工推荐-赵四", "<script>alert(1)</script>"),
    ] {
        let mut record = RECORD.to_vec();
        record[0] = ("external_id", id);
        record[3] = ("source_note", note);
        record[4] = ("created_by", author);
        let taken = qian.post("/app/review/crm", &record).await;
        assert_eq!(taken.status, 303, "{id}: {}", taken.body);
    }
    let case = qian.get(&review(&claim)).await.body;
    for said in [
        "本人所写，不算证明",
        "指的是别人",
        "没有指明员工",
        "查无此人",
        "同一位客户",
        "先报单",
        "&#60;script&#62;alert(1)",
    ] {
        assert!(case.contains(said), "{said}: {case}");
    }
    assert!(!case.contains("<script>"), "{case}");
    assert!(case.contains("待审"), "nothing was verified");
}

async fn given_a_csv_file_when_imported_then_each_line_that_was_not_taken_says_why(db: TestDb) {
    let app = firm(&db).await;
    let mut zhang = signed_in(&app, "zhang").await;
    let mut qian = signed_in(&app, "qian").await;
    let claim = filed(&mut zhang, &SALE).await;
    let csv = "\u{feff}编号,手机,来源备注,创建人,日期,备注\n\
        OPP-1,13800138000,员工推荐-zhang,前台,2026-11-17,x\n\
        OPP-2,12,员工推荐-zhang,前台,2026-11-17,x\n\
        OPP-3,13800138001,,前台,2026-11-17,x\n\
        OPP-4,13800138002,老客户,前台,2027-01-01,x\n\
        OPP-1,13800138000,员工推荐-zhang,店长,2026-11-17,x\n";
    let file = csv.as_bytes();
    let path = "/app/review/crm/import";
    let report = qian.upload_as(path, &[], "file", &[("crm.csv", file)]).await;
    assert_eq!(report.status, 200, "{}", report.body);
    for said in [
        "有 4 行没有收下",
        "<th scope=\"row\" class=\"num\">3</th><td>手机号或邮箱不对",
        "<th scope=\"row\" class=\"num\">4</th><td>来源备注要",
        "<th scope=\"row\" class=\"num\">5</th><td>日期写成",
        "<th scope=\"row\" class=\"num\">6</th><td>这个编号以前收过",
        "没有用到的列：备注",
    ] {
        assert!(report.body.contains(said), "{said}: {}", report.body);
    }
    assert!(zhang.get(&claim).await.body.contains("已核实"));
    for (bytes, said) in [
        (&b""[..], "请先选文件"),
        (b"\xff\xfe\x00\x01", "CSV UTF-8"),
        ("编号,手机\n1,2\n".as_bytes(), "缺一列"),
    ] {
        let name = if bytes.is_empty() { "" } else { "x.csv" };
        let refused = qian.upload_as(path, &[], "file", &[(name, bytes)]).await;
        assert_eq!(refused.status, 422, "{said}");
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
}

both!(
    given_a_record_by_hand_when_it_names_the_claimant_then_the_claim_is_verified,
    given_records_that_prove_nothing_when_a_claim_is_opened_then_it_says_why,
    given_a_csv_file_when_imported_then_each_line_that_was_not_taken_says_why,
);
