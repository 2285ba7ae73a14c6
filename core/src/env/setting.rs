//! One setting of the table: its format, when it is required, and checking a value.

use crate::pem::pkcs8_der;

/// The format of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `https://host…`, or `http://` for this machine only. No trailing slash.
    Url,
    /// Any text of at least this many characters.
    Secret(usize),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Two texts with this sign between them.
    Pair(&'static str),
    /// Letters, digits, `.`, `_` and `-`: it becomes a part of an address.
    Name,
    /// A PKCS#8 key in PEM.
    PrivateKey,
    /// Addresses as [`Format::Url`] with nothing behind host and port, separated by commas.
    Origins,
}

/// When a setting is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// With PhonePe's generation V2, which is the default.
    V2,
    /// With `PHONEPE_GENERATION=v1`.
    V1,
    /// With any other of these: Vertex AI has all of them or none.
    Vertex,
    /// Never; checked where it is set.
    Optional,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// What it must look like.
    pub format: Format,
    /// When it must be there.
    pub need: Need,
    /// Whether it must never be logged or shown. Secrets are set with `wrangler secret put`, the rest in
    /// `wrangler.toml`.
    pub secret: bool,
    /// What it is for and where to find it.
    pub purpose: &'static str,
    /// An example that fits the format; the local platform's value where it has one.
    pub example: &'static str,
}

impl Setting {
    /// Checks a value for this deployment; returns a sentence that says what to do when it is invalid.
    pub(super) fn problem(&self, value: &str, deployment: &str) -> Option<String> {
        let name = self.name;
        if value.is_empty() {
            return Some(format!("{name} is not set. {} Example: {}", self.purpose, self.example));
        }
        match self.format {
            Format::Url => url_problem(name, value, deployment),
            Format::Secret(least) if value.chars().count() < least => {
                Some(format!("{name} is shorter than {least} characters; copy the whole key."))
            }
            Format::Secret(_) => None,
            Format::OneOf(words) if !words.contains(&value) => {
                Some(format!("{name} must be one of {}.", words.join(", ")))
            }
            Format::OneOf(_) => None,
            Format::Pair(sign) => {
                let whole =
                    value.split_once(sign).is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
                (!whole).then(|| format!("{name} must be two texts with {sign} between them."))
            }
            Format::Name => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                (!value.chars().all(plain))
                    .then(|| format!("{name} may have letters, digits, `.`, `_` and `-` only."))
            }
            Format::PrivateKey => pkcs8_der(value).is_none().then(|| {
                format!("{name} must be a private key in PEM, from -----BEGIN PRIVATE KEY----- to its end.")
            }),
            Format::Origins => split_list(value).find_map(|entry| origin_problem(name, entry, deployment)),
        }
    }
}

fn origin_problem(name: &str, value: &str, deployment: &str) -> Option<String> {
    let path = value.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'));
    if path {
        return Some(format!("{name} takes origins: scheme and host, without a path."));
    }
    url_problem(name, value, deployment)
}

fn url_problem(name: &str, value: &str, deployment: &str) -> Option<String> {
    let (tls, rest) = match (value.strip_prefix("https://"), value.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Some(format!("{name} must start with https://.")),
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if host.is_empty() || rest.contains(char::is_whitespace) {
        return Some(format!("{name} has no host."));
    }
    if rest.ends_with('/') {
        return Some(format!("{name} must not end with a slash."));
    }
    let this_machine = matches!(host, "127.0.0.1" | "localhost") && deployment == "development";
    if !tls && !this_machine {
        return Some(format!(
            "{name} must start with https://; plain http is for this machine and GATEHOUSE_ENV=development only."
        ));
    }
    None
}

/// The entries of a comma-separated setting.
pub(super) fn split_list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}
