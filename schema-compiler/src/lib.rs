//! The schema compiler: JSON Schema 2020-12 in, the tables of core's validator out.
//!
//! Every place of a schema becomes one node. Where several schemas hold for one place (a `$ref` with neighbours), the
//! node stands for all of them together, so that the validator never has to try one after the other. A keyword that
//! the validator does not know is an error here: nothing in a schema is ever silently ignored.

mod emit;
mod nodes;
mod pattern;
mod schema;
mod sources;

pub use emit::rust_source;
pub use sources::{STEPS, Schemas};

use std::collections::BTreeMap;

use anyhow::Result;
use gatehouse_core::validator::Program;
use serde_json::Value;

/// Compiles schemas by name. `$ref` may point below the same schema or, as `name.json#…`, below another.
///
/// # Errors
/// The place and the reason: an unknown keyword, a reference to nothing, a pattern that is no regular language.
pub fn compile(schemas: &BTreeMap<String, Value>) -> Result<Program> {
    let mut nodes = nodes::Nodes::new(schemas);
    let mut roots = Vec::new();
    for name in schemas.keys() {
        let id = nodes.root(name)?;
        roots.push((leak_text(name), id));
    }
    Ok(nodes.into_program(roots))
}

/// A compiled program lives as long as the process: there is one in codegen, and some hundreds in the tests.
fn leak<T>(items: Vec<T>) -> &'static [T] {
    items.leak()
}

fn leak_text(text: &str) -> &'static str {
    text.to_owned().leak()
}
