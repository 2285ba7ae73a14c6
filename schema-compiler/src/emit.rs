//! Tables as Rust source.

use std::fmt::Write as _;

use gatehouse_core::validator::{Check, Choice, Node, Pattern, Program};

/// The source of `core/src/validator/tables.rs`.
pub fn rust_source(program: &Program) -> String {
    let mut out = String::from(
        "//! Generated from core/schema by `npm run codegen`; do not edit.\n\n\
         use super::table::{Check, Choice, Lengths, Node, Pattern, Program};\n\n\
         /// The schemas of `core/schema`, compiled.\n\
         pub static PROGRAM: Program = Program {\n    nodes: &[\n",
    );
    for node in program.nodes {
        let _ = writeln!(out, "        {},", of_node(node));
    }
    let _ = write!(out, "    ],\n    roots: &{:?},\n    patterns: &[\n", program.roots);
    for pattern in program.patterns {
        let _ = writeln!(out, "        {},", of_pattern(pattern));
    }
    out.push_str("    ],\n};\n");
    out
}

fn of_node(node: &Node) -> String {
    let checks: Vec<_> = node.checks.iter().map(of_check).collect();
    format!(
        "Node {{ label: {:?}, step: {:?}, kinds: {}, easy: {:?}, checks: &[{}], properties: &{:?}, required: {}, other: {}, items: {} }}",
        node.label,
        node.step,
        node.kinds,
        node.easy,
        checks.join(", "),
        node.properties,
        node.required,
        node.other,
        node.items
    )
}

fn of_check(check: &Check) -> String {
    match check {
        Check::OneOf(choice) => format!("Check::OneOf({})", of_choice(choice)),
        Check::Const(choice) => format!("Check::Const({})", of_choice(choice)),
        // The others hold a number or a text, which Debug writes as Rust does.
        plain => format!("Check::{plain:?}"),
    }
}

fn of_choice(choice: &Choice) -> String {
    format!("Choice {{ texts: &{:?}, others: &{:?} }}", choice.texts, choice.others)
}

fn of_pattern(pattern: &Pattern) -> String {
    format!(
        "Pattern {{ code: {:?}, message: {:?}, takes_plain: {}, classes: &{:?}, width: {}, next: &{:?}, ends: &{:?} }}",
        pattern.code,
        pattern.message,
        pattern.takes_plain,
        pattern.classes,
        pattern.width,
        pattern.next,
        pattern.ends
    )
}
