//! The official npm clients against the stack, unchanged.

use gatehouse_devstack::worker::worker_vars;

use crate::own_stack;

#[tokio::test]
async fn the_official_npm_clients_work_unchanged() {
    // Not the shared stack: a test of PhonePe revokes every token.
    let stack = own_stack().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/test");
    // The newer Node of the npm packages: the machine's own may be too old for supabase-js.
    let bundled = std::path::Path::new(folder).join("../../node_modules/.bin/node");
    let node = if bundled.exists() { bundled } else { "node".into() };
    let output = tokio::process::Command::new(node)
        .args(["--test", "--test-reporter=spec", "--test-timeout=60000"])
        .args(["supabase.test.mjs", "upstash.test.mjs", "phonepe.test.mjs"])
        .current_dir(folder)
        .envs(worker_vars(&stack))
        .output()
        .await
        .expect("node is installed");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    stack.stop().await.unwrap();
}
