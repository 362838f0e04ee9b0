use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::json;

use super::Rig;
use crate::support::TestDb;

fn read(picture: &DynamicImage) -> Option<String> {
    let mut prepared = rqrr::PreparedImage::prepare(picture.to_luma8());
    prepared
        .detect_grids()
        .first()
        .and_then(|grid| grid.decode().ok())
        .map(|(_, text)| text)
}

fn png() -> Vec<u8> {
    let mut out = Vec::new();
    let picture = RgbImage::from_fn(320, 200, |x, y| {
        Rgb([u8::try_from(x % 256).unwrap(), u8::try_from(y).unwrap(), 90])
    });
    DynamicImage::from(picture)
        .write_to(&mut Cursor::new(&mut out), ImageFormat::Png)
        .unwrap();
    out
}

async fn given_a_link_when_its_pictures_are_fetched_then_an_independent_decoder_reads_its_address(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    rig.post(
        "/links",
        json!({"employee": "E1", "campaign": "winter", "channel": "wechat", "slug": "Mine7"}),
    )
    .await
    .is(201);
    assert_eq!(
        rig.send("PUT", "/campaigns/winter/picture", "image/png", png())
            .await
            .is(200)["picture"],
        "/api/v1/campaigns/winter/picture"
    );
    let kept = rig.get("/campaigns/winter/picture").await;
    assert_eq!((kept.status, kept.media_type.as_str()), (200, "image/jpeg"));
    for path in [
        "/links/mine7/qr.png?size=240",
        "/links/mine7/qr.png?size=400&logo=true",
        "/links/mine7/poster.png",
    ] {
        let answer = rig.get(path).await;
        assert_eq!(
            (answer.status, answer.media_type.as_str()),
            (200, "image/png"),
            "{path}"
        );
        let picture = image::load_from_memory(&answer.bytes).unwrap();
        assert_eq!(
            read(&picture).as_deref(),
            Some("https://s.example/Mine7?q=1"),
            "{path}"
        );
    }
    let svg = rig.get("/links/mine7/qr.svg").await;
    assert_eq!((svg.status, svg.media_type.as_str()), (200, "image/svg+xml"));
    rig.get("/links/mine7/qr.png?size=119").await.wrong_at("?size");
    rig.get("/links/mine7/qr.svg?size=2001").await.wrong_at("?size");
    rig.get("/links/mine7/poster.png?lang=fr").await.wrong_at("?lang");
    rig.get("/links/nobody/poster.png").await.is(404);
}

async fn given_what_is_no_picture_when_put_then_it_is_refused_by_its_content(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let put = |bytes: Vec<u8>| rig.send("PUT", "/campaigns/winter/picture", "image/png", bytes);
    put(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec())
        .await
        .is(415);
    put(b"GIF89a".to_vec()).await.is(415);
    put(png()[..60].to_vec()).await.wrong_at("");
    put(vec![0x89; 6 * 1024 * 1024]).await.is(413);
    rig.send("PUT", "/campaigns/none/picture", "image/png", png())
        .await
        .is(404);
    rig.get("/campaigns/winter/picture").await.is(404);
    assert_eq!(db.number("select count(*) from campaign_pictures").await, 0);
}

both!(
    given_a_link_when_its_pictures_are_fetched_then_an_independent_decoder_reads_its_address,
    given_what_is_no_picture_when_put_then_it_is_refused_by_its_content,
);
