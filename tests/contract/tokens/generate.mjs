// Makes the token vectors: `node generate.mjs` writes tokens.json for the fixed issuer and instant in it, which core's
// tests read; `node generate.mjs <issuer> <now>` prints the same cases for a running issuer, which the Worker's tests
// use. Each case is really signed, and `signature` is what WebCrypto says of it.
import { createPrivateKey, createPublicKey, constants, sign as signWith } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [issuer = "https://vectors.supabase.co/auth/v1", instant = "1800000000"] = process.argv.slice(2);
const now = Number(instant);
const { keys, secret } = JSON.parse(readFileSync(new URL("keys.json", import.meta.url), "utf8"));
const encode = (data) => Buffer.from(data).toString("base64url");
const subtle = globalThis.crypto.subtle;

const published = ({ d, p, q, dp, dq, qi, ...jwk }) => jwk;
const jwks = { keys: Object.entries(keys).filter(([name]) => name !== "foreign").map(([, jwk]) => published(jwk)) };
const pem = (name) => createPublicKey({ key: published(keys[name]), format: "jwk" }).export({ type: "spki", format: "pem" });

/** Signs with a named key, or by HMAC with a secret that is given as `{ secret }`. */
async function signature(key, text) {
  if (typeof key === "object") {
    const mac = { name: "HMAC", hash: "SHA-256" };
    const bytes = key.secret === "" ? new Uint8Array(1) : Buffer.from(key.secret); // HMAC pads a secret with zeros
    const imported = await subtle.importKey("raw", bytes, mac, false, ["sign"]);
    return Buffer.from(await subtle.sign("HMAC", imported, Buffer.from(text)));
  }
  const jwk = createPrivateKey({ key: keys[key], format: "jwk" });
  return signWith("sha256", Buffer.from(text), keys[key].kty === "EC" ? { key: jwk, dsaEncoding: "ieee-p1363" } : jwk);
}

const session = {
  iss: issuer, sub: "7c0e4d6a-9a3b-4f1e-8f5d-2b6c1d3e4f50", aud: "authenticated", exp: now + 3600, iat: now - 60,
  email: "asha@example.in", phone: "", app_metadata: { provider: "email" }, user_metadata: {}, role: "authenticated",
  aal: "aal1", amr: [{ method: "password", timestamp: now - 60 }], session_id: "0b7a4f52-63a5-4d0c-9a3e-6d5a1f0e2c11",
  is_anonymous: false,
};
const without = (name) => Object.fromEntries(Object.entries(session).filter(([known]) => known !== name));
const es = { alg: "ES256", kid: "es-1", typ: "JWT" };
const rs = { alg: "RS256", kid: "rs-1", typ: "JWT" };
const hs = { alg: "HS256", typ: "JWT" };

/**
 * A signed token. Header and claims are objects, of which the claims change a good session, or text where the very
 * bytes matter; `spelling` changes how the claims' part is written before it is signed.
 */
async function token({ header = es, claims = {}, key = "es", spelling = (part) => part } = {}) {
  const head = typeof header === "string" ? header : JSON.stringify(header);
  const body = typeof claims === "string" ? claims : JSON.stringify({ ...session, ...claims });
  const signed = `${encode(head)}.${spelling(encode(body))}`;
  return `${signed}.${encode(await signature(key, signed))}`;
}
const bare = (claims) => token({ claims: JSON.stringify(claims) });

/** The signature's last character carries spare bits: another one decodes to the same bytes in a careless decoder. */
function respelled(text) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)) + 1];
}
const replaced = (text, at, change) => text.split(".").map((part, n) => (n === at ? change(part) : part)).join(".");
const padded = (bytes) => ({ user_metadata: { note: "x".repeat(bytes) } });
const INVALID = "token_invalid", EXPIRED = "token_expired", UNKNOWN = "signing_key_unknown";

const cases = [];
/** `expect`: "ok" or the code of the refusal; `legacy`: the same where the legacy secret is configured. */
const add = (name, catches, made, expect, more = {}) => cases.push({ name, catches, made, expect, legacy: expect, ...more });

// Sessions.
add("es256", "refusing a good session", token(), "ok");
add("rs256", "knowing ES256 only", token({ header: rs, key: "rs" }), "ok");
add("audience_in_a_list", "reading aud as text only", token({ claims: { aud: ["authenticated", "other"] } }), "ok");
add("anonymous", "losing is_anonymous", token({ claims: { is_anonymous: true } }), "ok", { session: { is_anonymous: true } });
add("support", "losing app_metadata", token({ claims: { app_metadata: { gatehouse_support: true } } }), "ok", { session: { support: true } });
add("support_by_user_metadata", "believing what people write themselves", token({ claims: { user_metadata: { gatehouse_support: true } } }), "ok", { session: { support: false } });
add("support_as_text", "taking any value for true", token({ claims: { app_metadata: { gatehouse_support: "true" } } }), "ok", { session: { support: false } });
add("app_metadata_null", "insisting on app_metadata", token({ claims: { app_metadata: null } }), "ok", { session: { support: false } });
add("just_under_8_kb", "a limit that is too tight", token({ claims: padded(5_200) }), "ok");
add("expired_within_the_skew", "no tolerance for exp", token({ claims: { exp: now - 29 } }), "ok", { exact: true });
add("issued_within_the_skew", "no tolerance for iat", token({ claims: { iat: now + 30 } }), "ok", { exact: true });
add("valid_from_within_the_skew", "no tolerance for nbf", token({ claims: { nbf: now + 30 } }), "ok", { exact: true });
add("hs256_with_kid", "HS256 without its setting", token({ header: { ...hs, kid: "legacy" }, key: { secret } }), INVALID, { legacy: "ok" });
add("hs256_without_kid", "insisting on a kid that legacy tokens lack", token({ header: hs, key: { secret } }), INVALID, { legacy: "ok" });

// The algorithm.
const unsigned = async (header) => (await token({ header })).replace(/[^.]*$/, "");
add("alg_none_unsigned", "alg none", unsigned({ ...es, alg: "none" }), INVALID);
add("alg_none_without_kid", "alg none before the key is looked up", unsigned({ alg: "none" }), INVALID);
add("alg_none_signed", "ignoring alg when the signature is good", token({ header: { ...es, alg: "none" } }), INVALID);
add("alg_none_in_capitals", "a list of bad words instead of good ones", unsigned({ ...es, alg: "NoNe" }), INVALID);
add("alg_in_small_letters", "comparing alg without its case", token({ header: { ...es, alg: "es256" } }), INVALID);
add("alg_missing", "a default algorithm", token({ header: { kid: "es-1", typ: "JWT" } }), INVALID);
add("alg_number", "a header of other types", token({ header: { ...es, alg: 256 } }), INVALID);
add("alg_es384", "unknown algorithms", token({ header: { ...es, alg: "ES384" } }), INVALID);
add("alg_ps256", "PSS taken for PKCS1 by its name", token({ header: { ...rs, alg: "PS256" }, key: "rs" }), INVALID);
add("hs256_with_the_ec_public_key", "a public key used as a secret", token({ header: { ...hs, kid: "es-1" }, key: { secret: pem("es") } }), INVALID);
add("hs256_with_the_rsa_public_key", "a public key used as a secret", token({ header: { ...hs, kid: "rs-1" }, key: { secret: pem("rs") } }), INVALID);
add("hs256_with_the_modulus", "a key's number used as a secret", token({ header: { ...hs, kid: "rs-1" }, key: { secret: keys.rs.n } }), INVALID);
add("hs256_with_an_empty_secret", "an unset secret that is empty", token({ header: hs, key: { secret: "" } }), INVALID);
add("hs256_with_another_secret", "not comparing the MAC", token({ header: hs, key: { secret: `${secret}!` } }), INVALID);
add("rs256_on_the_ec_key", "the token's algorithm instead of the key's", token({ header: { ...rs, kid: "es-1" }, key: "rs" }), INVALID);
add("es256_on_the_rsa_key", "the token's algorithm instead of the key's", token({ header: { ...es, kid: "rs-1" } }), INVALID);

// The key.
add("kid_missing", "trying every key", token({ header: { alg: "ES256" } }), INVALID);
add("kid_empty", "an empty kid that matches a key without one", token({ header: { ...es, kid: "" } }), INVALID);
add("kid_number", "a kid of another type", token({ header: { ...es, kid: 1 } }), INVALID);
add("kid_unknown", "the first key for an unknown kid", token({ header: { ...es, kid: "es-9" } }), UNKNOWN);
add("kid_like_a_path", "a kid that is looked up as a path", token({ header: { ...es, kid: "../es-1" } }), UNKNOWN);
add("kid_of_an_encryption_key", "ignoring `use`", token({ header: { ...es, kid: "enc-1" }, key: "enc" }), UNKNOWN);
add("kid_of_a_signing_only_key", "ignoring `key_ops`", token({ header: { ...es, kid: "ops-1" }, key: "ops" }), UNKNOWN);
add("kid_of_a_1024_bit_key", "weak RSA keys", token({ header: { ...rs, kid: "weak-1" }, key: "weak" }), UNKNOWN);
add("foreign_project", "a key of another project", token({ header: { ...es, kid: "foreign-1" }, key: "foreign", claims: { iss: "https://other.supabase.co/auth/v1" } }), UNKNOWN);
add("foreign_key_under_our_kid", "trusting the kid without the signature", token({ key: "foreign" }), INVALID);
add("key_in_the_header", "a key that the token brings along", token({ header: { ...es, jwk: published(keys.foreign) }, key: "foreign" }), INVALID);
add("key_address_in_the_header", "a key set that the token names", token({ header: { ...es, jku: "https://other.supabase.co/auth/v1/.well-known/jwks.json" }, key: "foreign" }), INVALID);

// The signature.
const other = "7c0e4d6a-9a3b-4f1e-8f5d-2b6c1d3e4f51";
add("claims_changed", "not checking the signature over the claims", token().then((t) => replaced(t, 1, () => encode(JSON.stringify({ ...session, sub: other })))), INVALID);
add("header_changed", "not checking the signature over the header", token().then((t) => replaced(t, 0, () => encode(JSON.stringify({ ...es, typ: "jwt" })))), INVALID);
add("signature_missing", "skipping an empty signature", token().then((t) => replaced(t, 2, () => "")), INVALID);
add("signature_of_zeros", "accepting r = s = 0", token().then((t) => replaced(t, 2, () => encode(Buffer.alloc(64)))), INVALID);
add("signature_cut", "a signature of another length", token().then((t) => replaced(t, 2, (part) => part.slice(0, 40))), INVALID);
add("signature_in_der", "another encoding of r and s", token().then((t) => {
  const text = t.slice(0, t.lastIndexOf("."));
  const key = createPrivateKey({ key: keys.es, format: "jwk" });
  return `${text}.${encode(signWith("sha256", Buffer.from(text), { key, dsaEncoding: "der" }))}`;
}), INVALID);
add("signature_by_pss", "PSS under the name of PKCS1", token({ header: rs, key: "rs" }).then((t) => {
  const text = t.slice(0, t.lastIndexOf("."));
  const key = createPrivateKey({ key: keys.rs, format: "jwk" });
  return `${text}.${encode(signWith("sha256", Buffer.from(text), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }))}`;
}), INVALID);

// The form.
add("garbage", "reading what is no token", "not-a-token", INVALID);
add("two_parts", "a token without a signature part", token().then((t) => t.slice(0, t.lastIndexOf("."))), INVALID);
add("four_parts", "taking the first three of four parts", token().then((t) => `${t}.${encode("more")}`), INVALID);
add("dots", "empty parts", "..", INVALID);
add("over_8_kb", "no limit of size", token({ claims: padded(6_000) }), INVALID);
add("base64_respelled", "spare bits that give a token two spellings", token().then(respelled), INVALID);
add("base64_padded", "padding", token().then((t) => `${t}==`), INVALID);
add("base64_standard_alphabet", "two alphabets", token({ claims: { email: "??>>??>>~~" }, spelling: (part) => part.replaceAll("-", "+").replaceAll("_", "/") }), INVALID);
add("base64_with_a_space", "skipping white space", token({ spelling: (part) => `${part.slice(0, 8)} ${part.slice(8)}` }), INVALID);
add("header_alg_twice", "the last of two values", token({ header: '{"alg":"none","kid":"es-1","alg":"ES256"}' }), INVALID);
add("header_kid_twice", "the last of two values", token({ header: '{"alg":"ES256","kid":"es-9","kid":"es-1"}' }), INVALID);
add("header_is_a_list", "a list read as an object", token({ header: '["ES256","es-1",false]' }), INVALID);
add("header_is_no_json", "a header that is not JSON", token({ header: "ES256 es-1" }), INVALID);
add("crit", "ignoring extensions that must be understood", token({ header: { ...es, crit: ["b64"], b64: false } }), INVALID);
add("crit_null", "a crit that is there and empty", token({ header: { ...es, crit: null } }), INVALID);
add("claims_are_a_list", "a list read as an object", bare([issuer, "authenticated", session.sub, "authenticated", now + 3600]), INVALID);
add("claims_are_no_json", "claims that are not JSON", token({ claims: "sub=1" }), INVALID);
add("sub_twice", "the last of two subjects", token({ claims: JSON.stringify(session).replace('"aud"', `"sub":"${other}","aud"`) }), INVALID);

// The claims.
add("issuer_other", "not comparing iss", token({ claims: { iss: "https://other.supabase.co/auth/v1" } }), INVALID);
add("issuer_with_a_slash", "comparing iss by its beginning", token({ claims: { iss: `${issuer}/` } }), INVALID);
add("issuer_missing", "an iss that may be absent", bare(without("iss")), INVALID);
add("audience_other", "not comparing aud", token({ claims: { aud: "anon" } }), INVALID);
add("audience_missing", "an aud that may be absent", bare(without("aud")), INVALID);
add("audience_list_without_us", "any list for aud", token({ claims: { aud: ["anon", "authenticated "] } }), INVALID);
add("role_service", "a machine's key as a person", token({ claims: { role: "service_role" } }), INVALID);
add("role_anon", "nobody as a person", token({ claims: { role: "anon" } }), INVALID);
add("role_missing", "a default role", bare(without("role")), INVALID);
add("role_by_user_metadata", "a role that people write themselves", token({ claims: { role: "anon", user_metadata: { role: "authenticated" } } }), INVALID);
add("legacy_api_key", "a project's HS256 API key as a session", token({ header: hs, key: { secret }, claims: JSON.stringify({ iss: "supabase", ref: "vectors", role: "anon", iat: now - 60, exp: now + 3600 }) }), INVALID);
add("subject_missing", "a session of nobody", bare(without("sub")), INVALID);
add("subject_empty", "a session of nobody", token({ claims: { sub: "" } }), INVALID);
add("subject_no_uuid", "any text as a subject", token({ claims: { sub: "asha@example.in" } }), INVALID);
add("subject_in_capitals", "two spellings of one person", token({ claims: { sub: session.sub.toUpperCase() } }), INVALID);
add("expired", "not comparing exp", token({ claims: { exp: now - 3600 } }), EXPIRED);
add("expired_at_the_end_of_the_skew", "a tolerance that is too long", token({ claims: { exp: now - 30 } }), EXPIRED, { exact: true });
add("expiry_missing", "a session without an end", bare(without("exp")), INVALID);
add("expiry_as_text", "an exp of another type", token({ claims: { exp: String(now + 3600) } }), INVALID);
add("expiry_beyond_numbers", "an exp that overflows", token({ claims: JSON.stringify(session).replace(/"exp":\d+/, '"exp":1e300') }), INVALID);
add("expiry_negative", "arithmetic that wraps around", token({ claims: JSON.stringify(session).replace(/"exp":\d+/, '"exp":-9223372036854775808') }), EXPIRED);
add("not_yet_valid", "ignoring nbf", token({ claims: { nbf: now + 600 } }), INVALID);
add("issued_in_the_future", "ignoring iat", token({ claims: { iat: now + 600 } }), INVALID);
add("issued_beyond_the_skew", "a tolerance that is too long", token({ claims: { iat: now + 31 } }), INVALID, { exact: true });
add("anonymous_as_text", "an anonymous person taken for a full one", token({ claims: { is_anonymous: "true" } }), INVALID);

/** What WebCrypto says of a token under the listed key that it names; false when there is none to ask. */
async function judged(text) {
  const parts = text.split(".");
  let header;
  try {
    header = JSON.parse(Buffer.from(parts[0], "base64url"));
  } catch {
    return false;
  }
  // As careless readers do: a list read as an object, parts beyond the third ignored.
  const kid = Array.isArray(header) ? header[1] : header?.kid;
  const jwk = jwks.keys.find((key) => key.kid === kid);
  if (parts.length < 3 || !jwk) return false;
  const ec = jwk.kty === "EC";
  const algorithm = ec ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const { use, key_ops, ...plain } = jwk;
  const key = await subtle.importKey("jwk", plain, algorithm, false, ["verify"]);
  return subtle.verify(algorithm, key, Buffer.from(parts[2], "base64url"), Buffer.from(`${parts[0]}.${parts[1]}`));
}

const made = [];
for (const { made: pending, ...rest } of cases) {
  const text = await pending;
  made.push({ ...rest, signature: await judged(text), token: text });
}
const file = { issuer, now, secret, jwks, cases: made };
if (process.argv.length > 2) process.stdout.write(JSON.stringify(file));
else writeFileSync(new URL("tokens.json", import.meta.url), `${JSON.stringify(file, null, 1)}\n`);
