//! Rust source text as words, texts and signs. Comments are left out, macros are read like any other code.

/// One token with the line that it begins on, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Its line.
    pub line: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// An identifier, a keyword or a number.
    Word(&'a str),
    /// What stands between the quotes of a text.
    Text(&'a str),
    /// `::`
    PathSeparator,
    /// Any other sign.
    Sign(char),
}

/// Splits a source text.
#[must_use]
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0, line: 1, tokens: Vec::new() };
    while lexer.step() {}
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, length: usize) {
        let end = (self.at + length).min(self.source.len());
        self.line += self.source[self.at..end].bytes().filter(|byte| *byte == b'\n').count();
        self.at = end;
    }

    fn push(&mut self, kind: Kind<'a>, length: usize) {
        self.tokens.push(Token { kind, line: self.line });
        self.skip(length);
    }

    /// Reads one token, blank or comment; false at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(comment_length(rest));
        } else if let Some((before, hashes)) = text_start(rest) {
            let end = format!("\"{}", "#".repeat(hashes.unwrap_or(0)));
            let inner = &rest[before..];
            let length = match hashes {
                Some(_) => inner.find(&end).unwrap_or(inner.len()),
                None => quoted_length(inner),
            };
            self.push(Kind::Text(&inner[..length]), before + length + end.len());
        } else if first == '\'' {
            self.skip(quote_length(rest));
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.push(Kind::Word(&rest[..length]), length);
        } else if rest.starts_with("::") {
            self.push(Kind::PathSeparator, 2);
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.push(Kind::Sign(first), first.len_utf8());
        }
        true
    }
}

/// Block comments nest.
fn comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// How long the beginning of a text is, up to its first letter, and how many `#` a raw one has.
fn text_start(rest: &str) -> Option<(usize, Option<usize>)> {
    let unprefixed = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let prefix = rest.len() - unprefixed.len();
    if unprefixed.starts_with('"') {
        return Some((prefix + 1, None));
    }
    let raw = unprefixed.strip_prefix('r')?;
    let hashes = raw.bytes().take_while(|byte| *byte == b'#').count();
    raw[hashes..].starts_with('"').then_some((prefix + 2 + hashes, Some(hashes)))
}

/// Up to the quote that ends a text with escapes.
fn quoted_length(inner: &str) -> usize {
    let mut escaped = false;
    inner
        .bytes()
        .position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })
        .unwrap_or(inner.len())
}

/// A character with its quotes, or the sign and name of a lifetime.
fn quote_length(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((after, escaped))) => {
            let from = after + escaped.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |end| from + end + 1)
        }
        (_, Some((end, '\''))) => end + 1,
        _ => rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |end| end + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source)
            .into_iter()
            .filter_map(|token| match token.kind {
                Kind::Word(word) => Some(word),
                _ => None,
            })
            .collect()
    }

    fn texts(source: &str) -> Vec<&str> {
        tokens(source)
            .into_iter()
            .filter_map(|token| match token.kind {
                Kind::Text(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn comments_are_left_out_and_nest() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
    }

    #[test]
    fn what_a_text_holds_is_no_code() {
        let source = r###"one "a // \" b" two r#"c " d"# b"e" c"f" br"g" three"###;
        assert_eq!(words(source), ["one", "two", "three"]);
        assert_eq!(texts(source), [r#"a // \" b"#, "c \" d", "e", "f", "g"]);
    }

    #[test]
    fn characters_and_lifetimes_are_passed_over() {
        assert_eq!(words(r"x 'a' '\'' '\u{2192}' '→' &'a y 'outer: z"), ["x", "y", "z"]);
        assert_eq!(words("fn f<'a>(c: &'a str) { c == '\"' } g"), ["fn", "f", "c", "str", "c", "g"]);
    }

    #[test]
    fn lines_are_counted_through_comments_and_texts() {
        let all = tokens("/*\n*/ \"x\ny\" z::w");
        let lines: Vec<usize> = all.iter().map(|token| token.line).collect();
        assert_eq!(lines, [2, 3, 3, 3]);
        assert_eq!(all[2].kind, Kind::PathSeparator);
    }
}
