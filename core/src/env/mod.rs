//! The Worker's settings. `docs/ENVIRONMENT.md` and `.dev.vars.example` are generated from one table, and the Worker
//! checks all settings when it starts, so that an operator sees every problem at once.

mod services;
mod setting;
mod table;

pub use services::{ClientKeys, PhonePeEnv, PhonePeKeys, SaltKeys, VertexEnv};
pub use setting::{Format, Need, Setting};
pub use table::SETTINGS;

use setting::split_list;

use crate::auth::cookie_name;

const GENERATION: &str = "PHONEPE_GENERATION";

/// A problem of one setting. Never shows its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvProblem {
    /// The variable.
    pub name: &'static str,
    /// A sentence that names the fix.
    pub message: String,
}

/// The checked settings.
#[derive(Clone, Debug)]
pub struct Env {
    /// `development`, `staging` or `production`.
    pub deployment: String,
    /// Supabase's address without a trailing slash.
    pub supabase_url: String,
    /// The publishable key.
    pub supabase_publishable_key: String,
    /// Upstash's REST address without a trailing slash.
    pub upstash_url: String,
    /// Upstash's REST token.
    pub upstash_token: String,
    /// Supabase's secret key.
    pub supabase_secret_key: String,
    /// PhonePe.
    pub phonepe: PhonePeEnv,
    /// Resend's address without a trailing slash.
    pub resend_url: String,
    /// Resend's API key.
    pub resend_api_key: String,
    /// The sender of our e-mails.
    pub email_from: String,
    /// The web app's address without a trailing slash.
    pub web_url: String,
    /// The bearer token of Prometheus; without it there is no `/metrics`.
    pub metrics_token: Option<String>,
    /// The bearer token of operators; without it there is no replay.
    pub operator_token: Option<String>,
    /// The language model for suggestions, if there is one.
    pub vertex: Option<VertexEnv>,
    /// How sessions are found and checked.
    pub auth: AuthEnv,
}

/// The settings of sessions.
#[derive(Clone, Debug)]
pub struct AuthEnv {
    /// Who must have issued a session: `{SUPABASE_URL}/auth/v1`.
    pub issuer: String,
    /// The legacy shared secret, where sessions may be signed with it.
    pub jwt_secret: Option<String>,
    /// The session cookie's name.
    pub cookie_name: String,
    /// The origins whose pages may act by cookie, WEB_URL's first; the Worker's own is not among them.
    pub allowed_origins: Vec<String>,
}

impl Env {
    /// Reads and checks every setting through `lookup`.
    ///
    /// # Errors
    /// All problems at once, in the table's order.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<EnvProblem>> {
        let get = |name: &str| lookup(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        let (deployment, generation) = (get("GATEHOUSE_ENV"), get(GENERATION));
        let vertex =
            SETTINGS.iter().any(|setting| setting.need == Need::Vertex && !get(setting.name).is_empty());
        let problems: Vec<_> = SETTINGS
            .iter()
            .filter_map(|setting| {
                let value = get(setting.name);
                let needed = match setting.need {
                    Need::Always => true,
                    Need::V2 => generation != "v1",
                    Need::V1 => generation == "v1",
                    Need::Vertex => vertex,
                    Need::Optional => false,
                };
                if value.is_empty() && !needed {
                    return None;
                }
                let message = setting.problem(&value, &deployment)?;
                Some(EnvProblem { name: setting.name, message })
            })
            .collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            deployment,
            supabase_url: get("SUPABASE_URL"),
            supabase_publishable_key: get("SUPABASE_PUBLISHABLE_KEY"),
            upstash_url: get("UPSTASH_REDIS_REST_URL"),
            upstash_token: get("UPSTASH_REDIS_REST_TOKEN"),
            supabase_secret_key: get("SUPABASE_SECRET_KEY"),
            phonepe: PhonePeEnv::read(&get),
            resend_url: get("RESEND_URL"),
            resend_api_key: get("RESEND_API_KEY"),
            email_from: get("EMAIL_FROM"),
            web_url: get("WEB_URL"),
            metrics_token: Some(get("METRICS_TOKEN")).filter(|token| !token.is_empty()),
            operator_token: Some(get("OPERATOR_TOKEN")).filter(|token| !token.is_empty()),
            vertex: VertexEnv::read(&get),
            auth: AuthEnv {
                issuer: format!("{}/auth/v1", get("SUPABASE_URL")),
                jwt_secret: Some(get("SUPABASE_JWT_SECRET")).filter(|secret| !secret.is_empty()),
                cookie_name: Some(get("SUPABASE_COOKIE_NAME"))
                    .filter(|name| !name.is_empty())
                    .unwrap_or_else(|| cookie_name(&get("SUPABASE_URL"))),
                allowed_origins: std::iter::once(get("WEB_URL"))
                    .chain(split_list(&get("ALLOWED_ORIGINS")).map(str::to_owned))
                    .map(|address| origin(&address))
                    .collect(),
            },
        })
    }
}

/// An address's origin as browsers write it: lower case, no path, no port that the scheme implies.
fn origin(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let host = rest.split('/').next().unwrap_or_default();
    let implied = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(implied).unwrap_or(host)).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str) -> Option<String> {
        SETTINGS.iter().find(|setting| setting.name == name).map(|setting| setting.example.to_owned())
    }

    #[test]
    fn the_examples_are_a_working_development_environment() {
        let env = Env::read(example).unwrap();
        assert_eq!(env.deployment, "development");
    }

    #[test]
    fn each_generation_asks_for_its_own_keys_and_not_for_the_others() {
        let v1 = |name: &str| match name {
            GENERATION => Some("v1".to_owned()),
            _ if SETTINGS.iter().any(|setting| setting.name == name && setting.need == Need::V2) => None,
            _ => example(name),
        };
        let PhonePeKeys::V1(keys) = Env::read(v1).unwrap().phonepe.keys else { panic!("V1 was asked for") };
        assert_eq!(keys.previous.map(|salt| salt.index), Some("2".to_owned()));
        let without = |name: &str| v1(name).filter(|_| name != "PHONEPE_SALT_KEY");
        assert_eq!(Env::read(without).unwrap_err()[0].name, "PHONEPE_SALT_KEY");
        for (name, wrong) in [
            (GENERATION, "v3"),
            ("PHONEPE_WEBHOOK_PREVIOUS", "nocolon"),
            ("PHONEPE_WEBHOOK_PREVIOUS", "user:"),
            ("PHONEPE_SALT_PREVIOUS", "###1"),
        ] {
            let problems =
                Env::read(|asked| if asked == name { Some(wrong.to_owned()) } else { example(asked) })
                    .unwrap_err();
            assert_eq!(problems.iter().map(|problem| problem.name).collect::<Vec<_>>(), [name], "{wrong}");
        }
    }

    #[test]
    fn a_language_model_has_all_of_its_settings_or_none() {
        let without = |left_out: &'static [&'static str]| {
            Env::read(move |name: &str| example(name).filter(|_| !left_out.contains(&name)))
        };
        let vertex = |name: &str| example(name).filter(|_| !name.starts_with("VERTEX_"));
        assert!(Env::read(vertex).unwrap().vertex.is_none());
        let names = |result: Result<Env, Vec<EnvProblem>>| {
            result.unwrap_err().into_iter().map(|problem| problem.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(without(&["VERTEX_LOCATION", "VERTEX_PRIVATE_KEY"])),
            ["VERTEX_LOCATION", "VERTEX_PRIVATE_KEY"]
        );
        let google = without(&["VERTEX_URL", "VERTEX_TOKEN_URL"]).unwrap().vertex.unwrap();
        assert_eq!(google.url, "https://asia-south1-aiplatform.googleapis.com");
        assert_eq!(google.token_url, "https://oauth2.googleapis.com/token");
        for (name, wrong) in
            [("VERTEX_MODEL", "gemini/../x"), ("VERTEX_PRIVATE_KEY", "MIIEvQ"), ("VERTEX_URL", "ftp://x")]
        {
            let wrong = |asked: &str| if asked == name { Some(wrong.to_owned()) } else { example(asked) };
            assert_eq!(names(Env::read(wrong)), [name]);
        }
    }

    #[test]
    fn every_problem_is_reported_at_once_and_no_value_is_shown() {
        let problems = Env::read(|name| match name {
            "GATEHOUSE_ENV" => Some("production".into()),
            "SUPABASE_URL" => Some("http://127.0.0.1:54321".into()),
            "SUPABASE_PUBLISHABLE_KEY" => Some("tooshort".into()),
            "UPSTASH_REDIS_REST_URL" => Some("https://eu1.example/".into()),
            _ => None,
        })
        .unwrap_err();
        let names: Vec<_> = problems.iter().map(|problem| problem.name).collect();
        let expected: Vec<_> = SETTINGS
            .iter()
            .filter(|setting| {
                matches!(setting.need, Need::Always | Need::V2) && setting.name != "GATEHOUSE_ENV"
            })
            .map(|setting| setting.name)
            .collect();
        assert_eq!(names, expected);
        assert!(problems.iter().all(|problem| !problem.message.contains("tooshort")));
    }

    #[test]
    fn what_is_left_out_has_a_default_and_what_is_set_is_checked() {
        let needed = |name: &str| {
            let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
            (setting.need != Need::Optional).then(|| setting.example.to_owned())
        };
        let auth = Env::read(needed).unwrap().auth;
        assert_eq!((auth.jwt_secret, auth.cookie_name.as_str()), (None, "sb-127-auth-token"));
        assert_eq!(auth.issuer, "http://127.0.0.1:54321/auth/v1");
        assert_eq!(auth.allowed_origins, ["http://127.0.0.1:3000"]);

        let with = |name: &'static str, value: &'static str| {
            Env::read(move |asked| if asked == name { Some(value.to_owned()) } else { needed(asked) })
        };
        let origins = with("ALLOWED_ORIGINS", "https://A.example:443, https://b.example:8443,").unwrap();
        assert_eq!(
            origins.auth.allowed_origins,
            ["http://127.0.0.1:3000", "https://a.example", "https://b.example:8443"]
        );
        for (name, value) in [
            ("ALLOWED_ORIGINS", "https://a.example,*"),
            ("ALLOWED_ORIGINS", "http://a.example"),
            ("ALLOWED_ORIGINS", "https://a.example/app"),
            ("SUPABASE_JWT_SECRET", "a short secret"),
        ] {
            let problems = with(name, value).unwrap_err();
            assert_eq!(problems.iter().map(|problem| problem.name).collect::<Vec<_>>(), [name], "{value}");
        }
        for setting in SETTINGS.iter().filter(|setting| setting.need == Need::Optional) {
            with(setting.name, setting.example).unwrap();
        }
    }
}
