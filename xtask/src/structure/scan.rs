//! What the tokens of one module declare and name.

use std::collections::{BTreeMap, BTreeSet};

use crate::structure::lexer::{Kind, Token};

/// One module's own; what stands in its inline modules is theirs.
#[derive(Debug, Default)]
pub struct Scanned<'a> {
    /// `use a::b as c`: `c` and `a::b`.
    pub imports: BTreeMap<String, Vec<String>>,
    /// `use a::*`
    pub globs: Vec<Vec<String>>,
    /// Names of functions, types and the like.
    pub items: BTreeSet<String>,
    /// Every path with its line.
    pub paths: Vec<(Vec<String>, usize)>,
    /// `mod name { … }` with its tokens.
    pub inline: Vec<(&'a str, &'a [Token<'a>])>,
    /// `mod name;` and what `#[path = "…"]` says.
    pub files: Vec<(&'a str, Option<&'a str>)>,
}

const DEFINES: [&str; 8] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static"];

/// Reads the tokens of a module. What stands under `#[cfg(test)]` is left out.
#[must_use]
pub fn scan<'a>(tokens: &'a [Token<'a>]) -> Scanned<'a> {
    let mut scanned = Scanned::default();
    let mut at = 0;
    let mut path_attribute = None;
    while let Some(token) = tokens.get(at) {
        let next = |offset: usize| tokens.get(at + offset).map(|token| token.kind);
        match (token.kind, next(1), next(2)) {
            (Kind::Sign('#'), Some(Kind::Sign('[')), _) => {
                let end = block_end(tokens, at + 1);
                let attribute = &tokens[at + 2..end.saturating_sub(1).max(at + 2)];
                at = if is_cfg_test(attribute) { item_end(tokens, end) } else { end };
                path_attribute = path_of(attribute).or(path_attribute);
                continue;
            }
            (Kind::Word("mod"), Some(Kind::Word(name)), Some(Kind::Sign(';'))) => {
                scanned.files.push((name, path_attribute.take()));
                at += 3;
                continue;
            }
            (Kind::Word("mod"), Some(Kind::Word(name)), Some(Kind::Sign('{'))) => {
                let end = block_end(tokens, at + 2);
                scanned.inline.push((name, &tokens[at + 3..end.saturating_sub(1).max(at + 3)]));
                at = end;
                continue;
            }
            (Kind::Word("use"), Some(Kind::Word(_) | Kind::PathSeparator), _) => {
                at = scanned.read_use(tokens, at + 1, &[]);
                continue;
            }
            (Kind::Word("macro_rules"), Some(Kind::Sign('!')), Some(Kind::Word(name))) => {
                scanned.items.insert(name.to_owned());
            }
            (Kind::Word(word), Some(Kind::Word(name)), _) if DEFINES.contains(&word) => {
                scanned.items.insert(name.to_owned());
            }
            (Kind::Word(_), Some(Kind::PathSeparator), Some(Kind::Word(_))) => {
                let (path, end) = read_path(tokens, at);
                scanned.paths.push((path, token.line));
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    scanned
}

impl Scanned<'_> {
    /// Reads one branch of a `use`, whose path so far is `before`; returns where it ends.
    fn read_use(&mut self, tokens: &[Token<'_>], mut at: usize, before: &[String]) -> usize {
        let mut path = before.to_vec();
        let line = tokens.get(at).map_or(0, |token| token.line);
        let mut alias = None;
        while let Some(token) = tokens.get(at) {
            match token.kind {
                Kind::Word("as") => {
                    alias = match tokens.get(at + 1).map(|token| token.kind) {
                        Some(Kind::Word(name)) => Some(name.to_owned()),
                        _ => None,
                    };
                    at += 1;
                }
                Kind::Word(word) => path.push(word.to_owned()),
                Kind::Sign('*') => {
                    self.paths.push((path.clone(), line));
                    self.globs.push(path);
                    return at + 1;
                }
                Kind::Sign('{') => {
                    at += 1;
                    while tokens.get(at).is_some_and(|token| token.kind != Kind::Sign('}')) {
                        let end = self.read_use(tokens, at, &path);
                        let is_comma = tokens.get(end).is_some_and(|token| token.kind == Kind::Sign(','));
                        at = if is_comma || end == at { end + 1 } else { end };
                    }
                    return at + 1;
                }
                Kind::Sign(_) => break,
                Kind::PathSeparator | Kind::Text(_) => {}
            }
            at += 1;
        }
        // `use a::{self}` is `use a`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        if let Some(name) = alias.or_else(|| path.last().cloned()) {
            self.imports.insert(name, path.clone());
        }
        self.paths.push((path, line));
        at
    }
}

fn read_path(tokens: &[Token<'_>], mut at: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    while let Some(Kind::Word(word)) = tokens.get(at).map(|token| token.kind) {
        path.push(word.to_owned());
        at += 1;
        let goes_on = tokens.get(at).is_some_and(|token| token.kind == Kind::PathSeparator)
            && tokens.get(at + 1).is_some_and(|token| matches!(token.kind, Kind::Word(_)));
        if !goes_on {
            break;
        }
        at += 1;
    }
    (path, at)
}

/// Behind the bracket that closes the one at `open`.
fn block_end(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Sign('{' | '[' | '(') => depth += 1,
            Kind::Sign('}' | ']' | ')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// Behind the item that begins at `at`: its further attributes, and up to its `;` or its block.
fn item_end(tokens: &[Token<'_>], mut at: usize) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Sign(';') => return at + 1,
            // A member of a struct, which was its last.
            Kind::Sign('}') => return at,
            Kind::Sign('{') => {
                // The braces of a `use` are followed by its `;`.
                let end = block_end(tokens, at);
                let ends_with = tokens.get(end).map(|token| token.kind);
                return if ends_with == Some(Kind::Sign(';')) { end + 1 } else { end };
            }
            Kind::Sign('[' | '(') => at = block_end(tokens, at),
            _ => at += 1,
        }
    }
    at
}

fn is_cfg_test(attribute: &[Token<'_>]) -> bool {
    let kinds: Vec<Kind<'_>> = attribute.iter().map(|token| token.kind).collect();
    kinds == [Kind::Word("cfg"), Kind::Sign('('), Kind::Word("test"), Kind::Sign(')')]
}

fn path_of<'a>(attribute: &[Token<'a>]) -> Option<&'a str> {
    match attribute {
        [Token { kind: Kind::Word("path"), .. }, _, Token { kind: Kind::Text(path), .. }] => Some(path),
        _ => None,
    }
}
