//! What a hostile caller puts into an argument, by its type.

use crate::support::Db;
use crate::tenant::Tenant;

/// An argument that gets a call past the first checks, by its name; anything else by its type.
pub fn plausible(name: &str, kind: &str, workspace: &str) -> Option<String> {
    let empty_object_sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    Some(
        match (name, kind) {
            ("p_workspace_id", _) => workspace,
            ("p_plan", _) => "glide",
            ("p_interval", _) => "month",
            ("p_state", _) => "draft",
            ("p_status", _) => "active",
            ("p_role", _) => "member",
            ("p_email", _) => "probe@example.in",
            ("p_source", _) => "rebuild",
            ("p_events", _) => r#"[{"action":"ui.page_viewed"}]"#,
            ("p_content", _) => "{}",
            ("p_checksum", _) => empty_object_sha256,
            ("p_meta", _) => r#"{"token_estimate":10,"dropped":[],"missing":[]}"#,
            ("p_expected_edits", _) => "0",
            ("p_limit" | "p_token_estimate", _) => "10",
            ("p_before" | "p_before_seq", _) => return None,
            (_, "jsonb" | "json") => "{}",
            (_, "integer" | "bigint" | "smallint" | "numeric") => "1",
            (_, "boolean") => "true",
            (_, "uuid") => workspace,
            (_, "timestamp with time zone" | "date") => "2026-01-01",
            (_, kind) if kind.ends_with("[]") => "{}",
            _ => "probe",
        }
        .to_owned(),
    )
}

/// Ids that exist and belong to somebody else.
pub struct Foreign {
    uuids: Vec<String>,
    words: Vec<String>,
    /// Stands in the victim's manifest, answers, moves and campaigns; no caller ever has it.
    marker: String,
}

impl Foreign {
    /// Of the victim's workspace, people and rows.
    pub async fn of(db: &Db, victim: &Tenant) -> Foreign {
        let of = |sql: &str| victim.fill(sql);
        let uuids = db
            .one(
                &of("select array['$w', '$o']::text[]
                       || array(select id::text from public.users where auth_user_id = '$o')
                       || array(select id::text from public.business_context_manifests where workspace_id = '$w')
                       || array(select id::text from public.payment_transactions where workspace_id = '$w')
                       || array(select id::text from public.workspace_invitations where workspace_id = '$w')
                       || array(select id::text from public.moves where workspace_id = '$w')
                       || array(select id::text from public.campaigns where workspace_id = '$w')
                       || array(select id::text from public.context_suggestions where workspace_id = '$w')"),
                &[],
            )
            .await;
        let words = db
            .one(
                &of("select array(select merchant_order_id from public.payment_transactions where workspace_id = '$w')
                       || array(select slug from public.workspaces where id = '$w')
                       || array(select email from public.users where auth_user_id = '$o') || array['$w']"),
                &[],
            )
            .await;
        let marker = victim.fill("secret of $w");
        Foreign { uuids, words, marker }
    }

    /// What of the victim's stands in a text although the caller did not bring it.
    pub fn leaked<'a>(&'a self, text: &str, brought: &[Option<String>]) -> Option<&'a str> {
        let known = |secret: &str| brought.iter().flatten().any(|argument| argument.contains(secret));
        self.uuids
            .iter()
            .chain(&self.words)
            .chain([&self.marker])
            .map(String::as_str)
            .find(|secret| text.contains(secret) && !known(secret))
    }

    /// Values for an argument of this type, those of 10 MB where `heavy`. A type that is not here fails the probe, so that
    /// it gets its own.
    pub fn values(&self, kind: &str, heavy: bool) -> Vec<Option<String>> {
        let of = |values: &[&str]| values.iter().map(|value| Some((*value).to_owned())).collect::<Vec<_>>();
        let mut values = vec![None];
        values.extend(match kind {
            "uuid" => {
                let mut all = of(&["00000000-0000-0000-0000-000000000000", "not-a-uuid"]);
                all.extend(self.uuids.iter().cloned().map(Some));
                all
            }
            "text" => {
                let mut all = of(&[
                    "",
                    " ",
                    "-1",
                    "NaN",
                    "null",
                    "{}",
                    "'; drop table public.users; --",
                    "$$ or true",
                    "\u{202e}\u{200d}\u{0301}\u{1f469}\u{200d}\u{1f52c}\u{ffff}",
                    "\u{1}\u{7f}\r\n",
                    "../../etc/passwd",
                ]);
                all.extend(self.words.iter().cloned().map(Some));
                all.extend(heavy.then(|| Some("x".repeat(10 * 1024 * 1024))));
                all
            }
            "smallint" | "integer" | "bigint" => of(&["0", "-1", "1", "2147483647", "-2147483648", "NaN"]),
            "numeric" | "double precision" => of(&["0", "-1", "NaN", "Infinity", "-Infinity", "1e300"]),
            "boolean" => of(&["true", "false"]),
            "json" | "jsonb" => {
                let mut all = of(&[
                    "null",
                    "[]",
                    "{}",
                    "1",
                    "-1e400",
                    "\"text\"",
                    "true",
                    "{\"\u{202e}\":[null]}",
                    r#"{"__proto__":{"role":"owner"},"workspace_id":"$w"}"#,
                    r#"{"a":"\u0000"}"#,
                    "[[{}]]",
                ]);
                all.push(Some(format!("{}{}", "[".repeat(1000), "]".repeat(1000))));
                all.push(Some(format!("{}1{}", r#"{"a":"#.repeat(1000), "}".repeat(1000))));
                all.extend(heavy.then(|| Some(format!(r#"{{"a":"{}"}}"#, "x".repeat(10 * 1024 * 1024)))));
                all
            }
            "timestamp with time zone" | "date" => {
                of(&["infinity", "-infinity", "4713-01-01 BC", "294276-12-31", "now"])
            }
            "uuid[]" => of(&["{}", "{null}", &format!("{{{}}}", self.uuids.join(","))]),
            "text[]" => of(&["{}", "{null}", "{\"\"}", &format!("{{{}}}", "x,".repeat(10_000) + "x")]),
            "integer[]" | "bigint[]" => of(&["{}", "{null}", "{-1,0,2147483647}"]),
            other => panic!("the probe knows no values for arguments of type {other}: add some"),
        });
        values
    }
}
