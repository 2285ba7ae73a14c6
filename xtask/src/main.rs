//! Automation of the checkout: the commands behind `npm run …`.

mod build;
mod repo;
mod stamp;
mod step;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};
use repo::Repo;

const HELP: &str = "usage: npm run build    the Worker and the browser package";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    match dispatch(&command, args.collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, _args: Vec<String>) -> Result<ExitCode> {
    let repo = Repo::locate()?;
    match command {
        "build" => build::build(&repo)?,
        _ => bail!("There is no command `{command}`.\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}
