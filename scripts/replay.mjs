// `npm run replay -- <inbox id, order id or refund id> [--apply] [--json]`: what a stored webhook would change now, and,
// with --apply, doing it. Plain Node: the Worker does the work, and its address may need TLS.
import { existsSync, readFileSync } from "node:fs";

const args = process.argv.slice(2);
const known = ["--apply", "--json"];
const strange = args.filter((arg) => arg.startsWith("-") && !known.includes(arg));
const about = args.filter((arg) => !arg.startsWith("-"));
const fail = (sentence) => {
  process.stderr.write(`replay: ${sentence}\n`);
  process.exit(1);
};
if (strange.length > 0) fail(`there is no option ${strange.join(", ")}; the options are ${known.join(" and ")}.`);
if (about.length !== 1) fail("name one webhook: npm run replay -- <inbox id, order id or refund id> [--apply] [--json]");

const file = existsSync(".dev.vars") ? readFileSync(".dev.vars", "utf8") : "";
const setting = (name) => process.env[name] ?? new RegExp(`^${name}="?([^"\n]*)`, "m").exec(file)?.[1];
const url = setting("GATEHOUSE_URL") ?? (file === "" ? undefined : "http://127.0.0.1:8787");
const token = setting("OPERATOR_TOKEN");
if (!url) fail("GATEHOUSE_URL is not set: the Worker's address, such as https://edge.example.com.");
if (!token) fail("OPERATOR_TOKEN is not set: the one that the Worker has (wrangler secret put OPERATOR_TOKEN).");

const apply = args.includes("--apply");
const answer = await fetch(`${url.replace(/\/$/, "")}/operations/replay`, {
  method: "POST",
  headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  body: JSON.stringify({ about: about[0], apply }),
}).catch((error) => fail(`${url} cannot be reached: ${error.cause?.message ?? error.message}.`));
const found = await answer.json().catch(() => fail(`${url} answered ${answer.status} and no JSON; is it the Worker?`));
if (args.includes("--json")) {
  console.log(JSON.stringify(found));
} else if (answer.ok) {
  console.log(`Webhook ${found.inbox_id} (${found.event || "without an event"}) about ${found.about}.`);
  console.log(`State: ${found.state || "unknown to PhonePe"} (${found.state_from}). Outcome: ${found.outcome}.`);
  for (const { path, before, after } of found.changes) {
    console.log(`  ${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  }
  if (found.changes.length === 0) console.log("Nothing would change.");
  else console.log(found.applied ? "Applied." : "Nothing was changed; --apply does it.");
} else {
  console.log(`${found.title ?? answer.status} ${found.detail ?? ""}`);
}
process.exit(answer.ok ? 0 : 1);
