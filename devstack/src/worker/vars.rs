//! The Worker's bindings for a running stack.

use std::collections::BTreeMap;

use crate::stack::Stack;

/// The Worker's bindings for a running stack, by the names in docs/ENVIRONMENT.md.
#[must_use]
pub fn worker_vars(stack: &Stack) -> BTreeMap<String, String> {
    let (phonepe, resend, vertex) = (stack.phonepe(), stack.resend(), stack.vertex());
    let (vertex_token_url, vertex_key) =
        (format!("{}/token", vertex.url()), vertex.private_key().replace('\n', "\\n"));
    [
        ("GATEHOUSE_ENV", "development"),
        ("SUPABASE_URL", stack.supabase_url()),
        ("SUPABASE_PUBLISHABLE_KEY", stack.publishable_key()),
        ("SUPABASE_SECRET_KEY", stack.secret_key()),
        ("UPSTASH_REDIS_REST_URL", stack.upstash_url()),
        ("UPSTASH_REDIS_REST_TOKEN", stack.upstash_token()),
        ("PHONEPE_PG_URL", phonepe.url()),
        ("PHONEPE_OAUTH_URL", phonepe.url()),
        ("PHONEPE_CLIENT_ID", phonepe.client_id()),
        ("PHONEPE_CLIENT_VERSION", phonepe.client_version()),
        ("PHONEPE_CLIENT_SECRET", phonepe.client_secret()),
        ("PHONEPE_WEBHOOK_USERNAME", phonepe.webhook_username()),
        ("PHONEPE_WEBHOOK_PASSWORD", phonepe.webhook_password()),
        ("RESEND_URL", resend.url()),
        ("RESEND_API_KEY", resend.api_key()),
        ("EMAIL_FROM", resend.from()),
        ("VERTEX_PROJECT", vertex.project()),
        ("VERTEX_LOCATION", vertex.location()),
        ("VERTEX_MODEL", vertex.model()),
        ("VERTEX_CLIENT_EMAIL", vertex.client_email()),
        ("VERTEX_PRIVATE_KEY", &vertex_key),
        ("VERTEX_URL", vertex.url()),
        ("VERTEX_TOKEN_URL", &vertex_token_url),
        ("WEB_URL", "http://127.0.0.1:3000"),
        ("METRICS_TOKEN", "local-metrics-token-worth-nothing-here"),
        ("OPERATOR_TOKEN", "local-operator-token-worth-nothing-here"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}
