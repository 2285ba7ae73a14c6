//! Counts the tokens of a text as cl100k_base does, exactly or with a bound that is never too low.
//!
//! Both counts run the same code on two tables. [`exact`] has all 100,000 merges of cl100k and is linked into the Worker.
//! [`at_most`] has a fifth of them and is small enough for the browser package. It counts exactly what is written in the
//! scripts of India, and on average 15 % too much on the documents of `tests/contract/token_counts`.
//!
//! Why it never counts too few: it has the merges with the lowest ranks, which byte-pair encoding applies first. The full
//! table continues from there, and each further merge makes one token of two. The other merges that it has are chosen so
//! that what is left out cannot get in their way (`core/tokens/subset.mjs`), so they are merges of the full table, too.

mod counter;
mod fragment;
mod pieces;
mod table;

use std::sync::LazyLock;

pub use counter::Counter;
pub use fragment::Fragment;
pub use table::Table;

/// The table that counts exactly. Decoded at the first call, in a few milliseconds.
pub fn exact() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| decoded(include_bytes!("cl100k.table")));
    &TABLE
}

/// The small table, which counts rather too much. Decoded at the first call.
pub fn at_most() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| decoded(include_bytes!("cl100k_at_most.table")));
    &TABLE
}

/// Both files decode, which tests prove. A table without merges would count bytes.
fn decoded(file: &[u8]) -> Table {
    Table::decode(file).unwrap_or_default()
}
