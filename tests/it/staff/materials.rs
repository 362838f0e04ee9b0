//! Material is written by one and approved by another.

use bole::app::materials::{MaterialStep, decide_on_material, put_material, put_material_picture};
use bole::app::{Actor, Refused};
use bole::domain::{CampaignId, EmployeeId, MaterialState, Role};
use bole::storage::insert_api_key;
use bole::storage::materials::MaterialFacts;
use jiff::civil::date;

use super::{firm, manager, own};
use crate::support::TestDb;

const SPRING: CampaignId = CampaignId(1);

fn facts() -> MaterialFacts {
    MaterialFacts {
        title: "今天发这条".into(),
        life: "来坐坐：{link}".into(),
        video_url: Some("https://v.example/1".into()),
        ..MaterialFacts::default()
    }
}

async fn given_new_material_when_approved_by_another_then_it_can_be_posted_until_its_words_change(
    db: TestDb,
) {
    let app = firm(&db).await;
    let seen = async || {
        let found = app.store.materials_on(app.today()).await.unwrap();
        found.into_iter().map(|m| m.code).collect::<Vec<_>>()
    };
    put_material(&app, &manager(1), SPRING, "a", &facts())
        .await
        .unwrap();
    assert_eq!(seen().await, [""; 0], "a draft is nobody's to post");
    let by = async |actor: bole::app::Actor| {
        decide_on_material(&app, &actor, SPRING, "a", MaterialStep::Approve).await
    };
    assert!(matches!(by(own(2)).await, Err(Refused::Forbidden(_))));
    assert!(
        matches!(by(manager(1)).await, Err(Refused::Forbidden(_))),
        "who wrote it does not approve it"
    );
    let mut tx = app.store.begin().await.unwrap();
    let (hash, person) = (bole::web::hash_key("z3"), Some(EmployeeId(1)));
    let id = insert_api_key(&mut tx, "z3", &hash, Role::Manager, person, 1, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let key = Actor::Key {
        id,
        role: Role::Manager,
        employee: person,
    };
    put_material(&app, &key, SPRING, "a", &facts()).await.unwrap();
    let other = MaterialFacts {
        life: "来坐坐".into(),
        ..facts()
    };
    put_material(&app, &key, SPRING, "a", &other).await.unwrap();
    assert!(
        matches!(by(manager(1)).await, Err(Refused::Forbidden(_))),
        "who wrote it with a key of theirs does not approve it"
    );
    put_material(&app, &manager(1), SPRING, "a", &facts())
        .await
        .unwrap();
    let approved = by(manager(2)).await.unwrap();
    assert_eq!(approved.state, MaterialState::Approved);
    assert_eq!(approved.published_at, Some(app.clock.now_ms()));
    assert_eq!(seen().await, ["a"]);

    // Its days alone leave it where it stands; they decide when it is seen.
    let later = MaterialFacts {
        starts_on: Some(date(2026, 11, 19)),
        ..facts()
    };
    put_material(&app, &manager(1), SPRING, "a", &later)
        .await
        .unwrap();
    assert_eq!(seen().await, [""; 0]);
    put_material(&app, &manager(1), SPRING, "a", &facts())
        .await
        .unwrap();
    assert_eq!(seen().await, ["a"]);

    // Other words want another look.
    let other = MaterialFacts {
        life: "保证瘦十斤".into(),
        ..facts()
    };
    put_material(&app, &manager(2), SPRING, "a", &other)
        .await
        .unwrap();
    assert_eq!(seen().await, [""; 0]);
    assert!(matches!(by(manager(2)).await, Err(Refused::Forbidden(_))));
    by(manager(1)).await.unwrap();
    let withdrawn = decide_on_material(&app, &manager(1), SPRING, "a", MaterialStep::Withdraw).await;
    assert_eq!(withdrawn.unwrap().state, MaterialState::Withdrawn);
    assert_eq!(seen().await, [""; 0]);
}

async fn given_a_picture_when_it_is_none_or_hides_more_then_nothing_or_only_the_picture_is_kept(db: TestDb) {
    let app = firm(&db).await;
    let id = put_material(&app, &manager(1), SPRING, "a", &facts())
        .await
        .unwrap();
    let put = |bytes: Vec<u8>| {
        let app = &app;
        async move { put_material_picture(app, &manager(1), SPRING, "a", bytes).await }
    };
    for bad in [
        &b"<svg onload=alert(1)>"[..],
        b"GIF89a<script>",
        b"PK\x03\x04",
        b"\x89PNG\r\n\x1a\ncut",
    ] {
        assert!(
            matches!(put(bad.to_vec()).await, Err(Refused::Wrong(_))),
            "{bad:?}"
        );
        assert_eq!(app.store.material_picture(id).await.unwrap(), None);
    }
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(30, 20, image::Rgb([140, 59, 33]));
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let mut polyglot = file.into_inner();
    polyglot.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");
    decide_on_material(&app, &manager(2), SPRING, "a", MaterialStep::Approve)
        .await
        .unwrap();
    put(polyglot).await.unwrap();
    let kept = app.store.material_picture(id).await.unwrap().unwrap();
    assert!(!kept.bytes.windows(7).any(|w| w == b"<script"));
    let material = app.store.material(SPRING, "a").await.unwrap().unwrap();
    assert_eq!(
        material.state,
        MaterialState::Draft,
        "another picture wants another look"
    );
    assert!(material.picture_at.is_some());
}

both!(
    given_new_material_when_approved_by_another_then_it_can_be_posted_until_its_words_change,
    given_a_picture_when_it_is_none_or_hides_more_then_nothing_or_only_the_picture_is_kept,
);
