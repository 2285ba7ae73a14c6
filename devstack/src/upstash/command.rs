//! Commands in the three forms in which a request can send them.

use serde_json::Value;

/// A command's words as bytes.
pub(super) struct Command(Vec<Vec<u8>>);

/// Commands that the service does not offer over REST: connection state, blocking, administration.
const UNAVAILABLE: [&str; 31] = [
    "WATCH",
    "UNWATCH",
    "MULTI",
    "EXEC",
    "DISCARD",
    "BLPOP",
    "BRPOP",
    "BLMOVE",
    "BLMPOP",
    "BRPOPLPUSH",
    "BZPOPMIN",
    "BZPOPMAX",
    "BZMPOP",
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "SSUBSCRIBE",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "MONITOR",
    "SELECT",
    "SWAPDB",
    "CONFIG",
    "SHUTDOWN",
    "DEBUG",
    "SAVE",
    "BGSAVE",
    "REPLICAOF",
    "SLAVEOF",
    "CLIENT",
    "HELLO",
    "RESET",
];

impl Command {
    /// A command without arguments.
    pub(super) fn without_arguments(name: &str) -> Self {
        Self(vec![name.into()])
    }

    /// The name in upper case.
    pub(super) fn name(&self) -> String {
        self.0.first().map(|word| String::from_utf8_lossy(word).to_uppercase()).unwrap_or_default()
    }

    pub(super) fn to_redis(&self) -> redis::Cmd {
        let mut command = redis::Cmd::new();
        for word in &self.0 {
            command.arg(word.as_slice());
        }
        command
    }
}

/// The error when the service refuses this command.
pub(super) fn unavailable_error(command: &Command) -> Option<String> {
    let name = command.name();
    UNAVAILABLE.contains(&name.as_str()).then(|| format!("ERR Command is not available: '{name}'"))
}

/// `POST /`: one JSON array.
pub(super) fn parse_one(body: &[u8]) -> Result<Command, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Array(words)) => command_from_words(words),
        _ => Err("ERR failed to parse command".into()),
    }
}

/// `/pipeline` and `/multi-exec`: an array of arrays.
pub(super) fn parse_many(body: &[u8]) -> Result<Vec<Command>, String> {
    let invalid = || "ERR failed to parse pipeline request".to_owned();
    let Ok(Value::Array(commands)) = serde_json::from_slice(body) else { return Err(invalid()) };
    if commands.is_empty() {
        return Err("ERR empty pipeline request".into());
    }
    let parse = |command| match command {
        Value::Array(words) => command_from_words(words),
        _ => Err(invalid()),
    };
    commands.into_iter().map(parse).collect()
}

fn command_from_words(words: Vec<Value>) -> Result<Command, String> {
    if words.is_empty() {
        return Err("ERR empty command".into());
    }
    let text = |word| match word {
        Value::String(text) => text.into_bytes(),
        other => other.to_string().into_bytes(),
    };
    Ok(Command(words.into_iter().map(text).collect()))
}

/// `/SET/foo/bar?EX=100`: path segments, then the body as one argument, then the query without `_token`.
pub(super) fn parse_path(path: &str, query: &str, body: &[u8]) -> Result<Command, String> {
    let mut words: Vec<Vec<u8>> =
        path.split('/').skip(1).map(|segment| percent_decode(segment, false)).collect();
    if !body.is_empty() {
        words.push(body.to_vec());
    }
    for pair in query.split('&').filter(|p| !p.is_empty() && !p.starts_with("_token=")) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        words.push(percent_decode(name, true));
        if !value.is_empty() {
            words.push(percent_decode(value, true));
        }
    }
    if words.first().is_none_or(Vec::is_empty) {
        return Err("ERR empty command".into());
    }
    Ok(Command(words))
}

fn percent_decode(text: &str, form: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = bytes.peek_hex_byte();
        match (byte, escaped) {
            (b'%', Some(value)) => {
                out.push(value);
                bytes.nth(1);
            }
            (b'+', _) if form => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}

/// Reads two hexadecimal digits without consuming them.
trait PeekHex {
    fn peek_hex_byte(&self) -> Option<u8>;
}

impl PeekHex for std::str::Bytes<'_> {
    fn peek_hex_byte(&self) -> Option<u8> {
        let mut ahead = self.clone();
        let (high, low) = (char::from(ahead.next()?).to_digit(16)?, char::from(ahead.next()?).to_digit(16)?);
        u8::try_from(high * 16 + low).ok()
    }
}
