//! Attachments: told by their content, three at most, for the claimant and verifiers only.

use super::{decide, filed, sale};
use crate::points::rig::Rig;
use crate::support::TestDb;

fn png(seed: u8) -> Vec<u8> {
    let mut picture = image::RgbImage::new(3, 3);
    picture.put_pixel(1, 1, image::Rgb([seed, 0, 0]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::from(picture)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

async fn given_files_when_attached_then_content_counts_and_three_are_enough(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let path = format!("/claims/{id}/attachments");
    for (name, bytes) in [
        ("a.png", &b"<script>alert(1)</script>"[..]),
        ("a.pdf", b"%PDF-1.7 cut off"),
        ("a.gif", b"GIF89a\x01\0\x01\0\0\0\0;"),
        ("empty.png", b""),
    ] {
        let (status, body) = rig.upload("employee-z3", &path, name, bytes).await;
        assert_eq!(
            (status, &body["type"]),
            (415, &serde_json::json!("/problems/media-type")),
            "{name}"
        );
    }
    // Two files in one: what a browser takes for a picture, something else for a page or an archive.
    let behind = |whole: &[u8]| [whole, b"<script>alert(1)</script>PK\x03\x04"].concat();
    for (name, bytes) in [
        ("a.png", behind(&png(1))),
        ("a.pdf", behind(b"%PDF-1.7\n%%EOF\n")),
    ] {
        let (status, body) = rig.upload("employee-z3", &path, name, &bytes).await;
        assert_eq!(
            (status, &body["errors"][0]["pointer"]),
            (422, &serde_json::json!("/file")),
            "{name} {body}"
        );
    }
    assert_eq!(db.number("select count(*) from claim_files").await, 0);
    assert_eq!(
        rig.upload("employee-z3", &path, "big.png", &vec![0; (5 << 20) + 1])
            .await
            .0,
        413
    );
    let (status, body) = rig
        .post("employee-z3", &path, serde_json::json!({"file": "a.png"}))
        .await;
    assert_eq!(status, 415, "{body}");
    assert!(
        body["detail"].as_str().unwrap().contains("multipart/form-data"),
        "{body}"
    );
    assert_eq!(
        rig.upload("employee-z3", &path, "huge.png", &vec![0; 6 << 20])
            .await
            .0,
        413
    );
    assert_eq!(
        rig.upload("employee-l4", &path, "a.png", &png(1)).await.0,
        404,
        "not theirs"
    );
    let (status, kept) = rig.upload("employee-z3", &path, "../聊天.png", &png(1)).await;
    assert_eq!(status, 201, "{kept}");
    assert_eq!(
        (&kept["name"], &kept["media_type"], &kept["claim"]),
        (
            &serde_json::json!("聊天.png"),
            &serde_json::json!("image/png"),
            &serde_json::json!(id)
        )
    );
    assert_eq!(kept["size"], png(1).len());
    let url = kept["url"].as_str().unwrap();
    assert_eq!(url, format!("/api/v1/claims/{id}/attachments/{}", kept["id"]));
    assert_eq!(rig.download("employee-z3", url).await.2, png(1));
    let (status, again) = rig.upload("employee-z3", &path, "again.png", &png(1)).await;
    assert_eq!(
        (status, &again["id"], &again["is_new"]),
        (200, &kept["id"], &serde_json::json!(false)),
        "the same file"
    );
    assert_eq!(rig.upload("employee-z3", &path, "2.png", &png(2)).await.0, 201);
    assert_eq!(
        rig.upload("employee-z3", &path, "3.pdf", b"%PDF-1.4\n%%EOF")
            .await
            .0,
        201
    );
    assert_eq!(
        rig.upload("employee-z3", &path, "4.png", &png(4)).await.0,
        409,
        "a fourth"
    );
    let claim = rig.get("other", &format!("/claims/{id}")).await;
    let files = claim["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 3);
    assert_eq!(files[0]["name"], "聊天.png");
    assert_eq!(files[2]["media_type"], "application/pdf");
    let url = files[0]["url"].as_str().unwrap();
    let (code, head, body) = rig.download("other", url).await;
    assert_eq!((code, body), (200, png(1)));
    assert_eq!(head["content-type"], "image/png");
    assert!(
        head["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment;")
    );
    assert!(
        head["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("sandbox")
    );
    assert_eq!(rig.download("employee-l4", url).await.0, 404);
}

async fn given_a_decided_claim_when_a_file_is_attached_then_it_is_too_late(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    assert_eq!(decide(&rig, "other", id, "rejected", "查不到").await.0, 200);
    let path = format!("/claims/{id}/attachments");
    assert_eq!(rig.upload("employee-z3", &path, "a.png", &png(1)).await.0, 409);
}

both!(given_files_when_attached_then_content_counts_and_three_are_enough);
both!(given_a_decided_claim_when_a_file_is_attached_then_it_is_too_late);
