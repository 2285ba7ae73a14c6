//! Automation of the checkout: the commands behind `npm run …`.

mod build;
mod dev;
mod repo;
mod setup;
mod stack;
mod stamp;
mod step;
mod suites;
mod test;
mod wasm;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use repo::Repo;

const HELP: &str = "\
npm run dev      the whole product on this machine
npm run stack    the local platform alone, and .dev.vars for `npx wrangler dev`
npm run test     every check and test
npm run build    the Worker and the browser package
npm run setup    a browser for the browser tests";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    match dispatch(&command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str) -> Result<ExitCode> {
    let repo = Repo::locate()?;
    match command {
        "dev" => block_on(dev::dev(&repo))?,
        "stack" => block_on(stack::stack(&repo))?,
        "test" => return test::test(&repo),
        "build" => build::build(&repo)?,
        "setup" => setup::setup()?,
        _ => bail!("There is no command `{command}`.\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Runtime::new().context("No runtime for the local servers.")?.block_on(work)
}
