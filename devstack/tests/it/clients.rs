//! The official npm clients against the stack, unchanged.

use crate::shared;

#[tokio::test]
async fn the_official_npm_clients_work_unchanged() {
    let stack = shared().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/test");
    // The newer Node that the packages bring, where the machine's own is too old for supabase-js.
    let bundled = std::path::Path::new(folder).join("../../node_modules/.bin/node");
    let node = if bundled.exists() { bundled } else { "node".into() };
    let done = tokio::process::Command::new(node)
        .args(["--test", "--test-reporter=spec"])
        .args(["supabase.test.mjs", "upstash.test.mjs"])
        .current_dir(folder)
        .env("SUPABASE_URL", stack.supabase_url())
        .env("SUPABASE_PUBLISHABLE_KEY", stack.publishable_key())
        .env("SUPABASE_SECRET_KEY", stack.secret_key())
        .env("UPSTASH_REDIS_REST_URL", stack.upstash_url())
        .env("UPSTASH_REDIS_REST_TOKEN", stack.upstash_token())
        .output()
        .await
        .expect("node is installed");
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{text}");
}
