//! Who asks, for which workspace and under which idempotency key is read in one place, before any handler runs.

use crate::structure::lexer::{Kind, Token, tokens};
use crate::structure::modules::Sources;

/// The handlers.
const HANDLERS: &str = "edge/src/routes/";
/// The one file there that may call [`READERS`]: it dispatches.
const DISPATCHER: &str = "edge/src/routes/mod.rs";
/// Headers that no handler names.
const HEADERS: [&str; 4] = ["authorization", "cookie", "x-workspace-id", "idempotency-key"];
/// Methods that take an unverified member apart. Only who makes a route's first call may: a store or a client.
const UNVERIFIED: [&str; 2] = ["checked_in_sql", "checked_in_script"];
/// Functions that read them, by the last two words of their paths.
const READERS: [[&str; 2]; 2] = [["session", "require"], ["entry", "admit"]];

/// Every place in a handler that reads one of them.
#[must_use]
pub fn read_by_handlers(sources: &Sources) -> Vec<String> {
    sources
        .iter()
        .filter(|(file, _)| file.starts_with(HANDLERS) && file.ends_with(".rs"))
        .flat_map(|(file, text)| {
            let tokens = tokens(text);
            let mut faults = headers_in(file, &tokens);
            faults.extend(unverified_in(file, &tokens));
            if file != DISPATCHER {
                faults.extend(readers_in(file, &tokens));
            }
            faults
        })
        .collect()
}

fn headers_in(file: &str, tokens: &[Token<'_>]) -> Vec<String> {
    tokens
        .iter()
        .filter_map(|token| match token.kind {
            Kind::Text(text) if HEADERS.contains(&text.to_ascii_lowercase().as_str()) => {
                Some(format!("{file}:{} reads the header {text} itself", token.line))
            }
            _ => None,
        })
        .collect()
}

fn unverified_in(file: &str, tokens: &[Token<'_>]) -> Vec<String> {
    tokens
        .iter()
        .filter_map(|token| match token.kind {
            Kind::Word(word) if UNVERIFIED.contains(&word) => {
                Some(format!("{file}:{} calls {word}: nobody has checked the member yet", token.line))
            }
            _ => None,
        })
        .collect()
}

/// `session::require`, and `entry::{Call, admit}`: the first word, then the second before the statement ends.
fn readers_in(file: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let is_end = |token: &&Token<'_>| matches!(token.kind, Kind::Sign(';' | '(' | '='));
    let mut faults = Vec::new();
    for [module, function] in READERS {
        for (at, pair) in tokens.windows(2).enumerate() {
            if pair[0].kind != Kind::Word(module) || pair[1].kind != Kind::PathSeparator {
                continue;
            }
            let mut following = tokens[at + 2..].iter().take_while(|token| !is_end(token));
            if let Some(token) = following.find(|token| token.kind == Kind::Word(function)) {
                faults.push(format!("{file}:{} uses {module}::{function} itself", token.line));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(file: &str, text: &str) -> Vec<String> {
        read_by_handlers(&Sources::from([(file.to_owned(), text.to_owned())]))
    }

    #[test]
    fn a_handler_that_names_a_header_of_the_caller_is_named_with_its_line() {
        for header in HEADERS {
            let text = format!("fn f() {{\n request.header(\"{header}\") }}");
            let expected = format!("edge/src/routes/a/b.rs:2 reads the header {header} itself");
            assert_eq!(faults("edge/src/routes/a/b.rs", &text), [expected]);
        }
        assert_eq!(faults("edge/src/routes/a.rs", "header(\"Authorization\")").len(), 1);
    }

    #[test]
    fn a_handler_that_uses_a_reader_is_named_and_the_dispatcher_is_not() {
        for text in [
            "fn f() { session::require(scope, request).await }",
            "use crate::entry::session::require;",
            "use crate::entry::{Call, admit};",
        ] {
            assert_eq!(faults("edge/src/routes/a.rs", text).len(), 1, "{text}");
            assert_eq!(faults("edge/src/routes/mod.rs", text), [""; 0], "{text}");
        }
        assert_eq!(faults("edge/src/routes/mod.rs", "header(\"cookie\")").len(), 1);
    }

    #[test]
    fn a_handler_that_takes_an_unverified_member_apart_is_named() {
        let text = "let (member, _) = call.caller.checked_in_script();";
        assert_eq!(faults("edge/src/routes/a.rs", text).len(), 1);
        assert_eq!(faults("edge/src/clients/postgrest.rs", text), [""; 0]);
    }

    #[test]
    fn comments_other_words_and_other_folders_are_free() {
        let text =
            "// \"authorization\"\nlet required = \"authorization code\"; use crate::entry::Call; admit();";
        assert_eq!(faults("edge/src/routes/a.rs", text), [""; 0]);
        assert_eq!(faults("edge/src/entry/session.rs", "header(\"cookie\") session::require"), [""; 0]);
    }
}
