//! The name and the slug of a new workspace.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::Db;

async fn slug_and_name(db: &Db, account: Uuid) -> (String, String) {
    let row = db
        .client
        .query_one(
            "select w.slug, w.name from public.workspaces w join public.users u on u.id = w.owner_id
             where u.auth_user_id = $1",
            &[&account],
        )
        .await
        .expect("a workspace");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn slugs_are_words_of_latin_letters_whatever_the_name() {
    let db = Db::shared().await;
    for (name, slug) in [
        (Some("Asha.Rao"), "asha-rao"),
        (Some("  ASHA   RAO  "), "asha-rao"),
        (Some("--Chaya & Co.--"), "chaya-co"),
        (Some("Élan Café"), "elan-cafe"),
        (Some("Ａｓｈａ"), "asha"),
        (Some("ÜBER Straße"), "uber-strasse"),
        (Some("Łódź Æther Øre"), "lodz-aether-ore"),
        (Some("İstanbul"), "istanbul"),
        (Some("आशा Rao"), "rao"),
        (Some("नमस्ते दुनिया"), "workspace"),
        (Some("தமிழ் தேநீர்"), "workspace"),
        (Some("مرحبا بالعالم"), "workspace"),
        (Some("\u{202e}Asha\u{202c}"), "asha"),
        (Some("東京カフェ"), "workspace"),
        (Some("Tea 🍵 House"), "tea-house"),
        (Some("🍵🙂"), "workspace"),
        (Some("…—!?"), "workspace"),
        (Some(""), "workspace"),
        (None, "workspace"),
    ] {
        let found: String = db.one("select private.slugify($1)", &[&name]).await;
        assert_eq!(found, slug, "{name:?}");
    }
    for name in ["ab ".repeat(100), "x".repeat(300), "é".repeat(300), "ß".repeat(300), "-".repeat(300)] {
        let account = db.sign_up(None, json!({ "full_name": name })).await;
        let (slug, _) = slug_and_name(&db, account).await;
        let fits: bool =
            db.one("select $1 ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length($1) <= 63", &[&slug]).await;
        assert!(fits, "{slug}");
    }
}

#[tokio::test]
async fn people_of_one_name_and_people_of_none_get_their_own_workspace() {
    let db = Db::shared().await;
    let mut slugs = BTreeSet::new();
    for (email, metadata, start, name) in [
        (None, Value::Null, "workspace-", "My workspace"),
        (None, json!({ "full_name": "Asha.Rao" }), "asha-rao-", "Asha.Rao's workspace"),
        (None, json!({ "full_name": "Asha.Rao" }), "asha-rao-", "Asha.Rao's workspace"),
        (Some("🙂"), json!({ "full_name": "  " }), "workspace-", "🙂's workspace"),
        (None, json!({ "full_name": { "nested": 1 } }), "nested-1-", "{\"nested\": 1}'s workspace"),
        (None, json!({ "full_name": "a\u{7}b", "avatar_url": "javascript:x" }), "a-b-", "a b's workspace"),
        (None, json!(["not", "an", "object"]), "workspace-", "My workspace"),
    ] {
        let email = email.map(|local: &str| format!("{local}@{}.in", Uuid::new_v4()));
        let account = db.sign_up(email.as_deref(), metadata.clone()).await;
        let (slug, found) = slug_and_name(&db, account).await;
        assert!(slug.starts_with(start), "{slug} for {metadata}");
        assert_eq!(found, name);
        assert!(slugs.insert(slug), "a slug of its own");
    }
    let account = db.sign_up(None, json!({ "full_name": "x".repeat(100_000) })).await;
    assert_eq!(slug_and_name(&db, account).await.1.chars().count(), 255);
}
