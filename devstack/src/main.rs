//! Runs the local platform until it is interrupted.

use anyhow::{Result, bail};
use gatehouse_devstack::{Stack, StackOptions};

#[tokio::main]
async fn main() -> Result<()> {
    let options = match std::env::args().nth(1).as_deref() {
        None => StackOptions::for_dev(),
        Some("--temporary") => StackOptions::for_tests(),
        Some(_) => {
            bail!("Usage: gatehouse-devstack [--temporary]   (--temporary: free ports, temporary data)")
        }
    };
    let stack = Stack::start(options, |step| {
        let version = step.version.map(|v| format!(" {v}")).unwrap_or_default();
        let address = step.address.map(|a| format!(" at {a}")).unwrap_or_default();
        println!("{}{version} {}{address}", step.part, step.message);
    })
    .await?;
    println!("\nSUPABASE_URL={}", stack.supabase_url());
    println!("SUPABASE_PUBLISHABLE_KEY={}", stack.publishable_key());
    println!("SUPABASE_SECRET_KEY={}", stack.secret_key());
    println!("UPSTASH_REDIS_REST_URL={}", stack.upstash_url());
    println!("UPSTASH_REDIS_REST_TOKEN={}", stack.upstash_token());
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let death = tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        _ = terminated.recv() => None,
        death = stack.wait_death() => Some(death),
    };
    stack.stop().await?;
    match death {
        Some(death) => bail!(death),
        None => Ok(()),
    }
}
