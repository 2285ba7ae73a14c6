// What callers pass by mistake, and what a browser does at its limits.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import * as rules from "@gatehouse/wasm-client";
import { init as initForms } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";

await Promise.all([initForms(), initManifest()]);

const HALF = "\ud83c";

test("a call after one that found no memory is answered", () => {
  const program = `
    import { init, validateStep } from "@gatehouse/wasm-client/forms";
    await init();
    try {
      validateStep("company", { company_name: "x".repeat(6_000_000) });
    } catch {}
    process.stdout.write(validateStep("voice", {}).errors[0].code);
  `;
  const options = { cwd: import.meta.dirname, encoding: "utf8" };
  const { stdout, stderr } = spawnSync(process.execPath, ["--wasm-max-mem-pages=200", "--input-type=module", "--eval", program], options);
  assert.equal(stdout, "required", stderr);
});

test("half of a character in JSON text is refused, raw as well as escaped", () => {
  const codes = (judged) => judged.errors.map(({ pointer, code }) => `${pointer} ${code}`);
  for (const half of [HALF, "\\ud83c"]) {
    assert.deepEqual(codes(rules.validateDocument("voice", `{"brand_tone":["Warm","a${half}b"]}`)), ["/brand_tone/1 lone_surrogate"]);
    assert.deepEqual(codes(rules.validateDocument("industry", `"a\\\\${half}"`)), [" lone_surrogate"]);
    assert.equal(rules.diff(`{"a":"${half}"}`, "{}").ok, false);
  }
  // A backslash before it must not make it the letters of an escape.
  assert.deepEqual(codes(rules.validateDocument("industry", `"a\\${HALF}"`)), [" not_json"]);
  assert.deepEqual(rules.validateDocument("industry", '"🍵\\\\ 🍵"'), { ok: true, errors: [] });
  // U+FFFD, which the encoder makes of it, is a character when it was typed.
  assert.deepEqual(rules.validateDocument("industry", '"a\ufffd"'), { ok: true, errors: [] });
});

test("half of a character in an answer is said under its question", () => {
  const errors = [{ pointer: "/answers/industry", path: ["industry"], code: "lone_surrogate", message: "Industry has a broken character (a lone surrogate); retype it.", step: "company" }];
  assert.deepEqual(rules.validateField("industry", `Tea ${HALF}`), { ok: false, errors });
  assert.deepEqual(rules.validateStep("company", { company_name: "Chaya", industry: `Tea ${HALF}` }), { ok: false, errors });
  assert.deepEqual(rules.validateStep("company", `{"industry":"Tea ${HALF}"}`), { ok: false, errors });
  assert.deepEqual(rules.reduce({ industry: HALF }, 0).problem.errors, errors);
  assert.equal(rules.validateField("brand_tone", ["Warm", HALF]).errors[0].pointer, "/answers/brand_tone");
  assert.equal(rules.validateField("brand_tone", `Warm\n${HALF}`).errors[0].code, "lone_surrogate");
});

test("what is no number is no amount and no time", () => {
  for (const none of [null, undefined, true, "500", [500], 5n, Symbol("5"), { valueOf: () => 500 }]) {
    assert.equal(rules.formatMoney(none), "");
    assert.equal(rules.freshness(null, none).problem?.code, "time_invalid");
    assert.equal(rules.nextPoll("1970-01-01T00:00:00Z", "1970-01-01T00:20:00Z", none).problem?.code, "time_invalid");
    assert.equal(rules.reduce({}, none).problem?.code, "time_invalid");
    assert.equal(rules.buildContext({}, "", none).problem?.code, "time_invalid");
  }
});

test("what is no text is answered, not thrown", () => {
  for (const none of [undefined, 7, 5n, Symbol("company"), ["company"], Object.create(null), { toString: () => "company" }]) {
    assert.equal(rules.validateStep(none, {}).errors[0].code, "unknown_step");
    assert.equal(rules.validateField(none, "x").errors[0].code, "unknown_field");
    assert.equal(rules.validateDocument(none, "{}").errors[0].code, "unknown_schema");
    assert.equal(rules.countCharacters(none), 0);
    if (none !== undefined) assert.equal(rules.freshness(none, 0).problem?.code, "time_invalid");
    assert.equal(rules.nextPoll(none, none, 0).problem?.code, "time_invalid");
    assert.equal(rules.landing(none), rules.landing(null));
    assert.notEqual(rules.decideGate({ session: "missing" }, none, "2026-02-10T00:00:00Z").gate?.decision.kind, "allow");
  }
});

test("a list of very many lines is refused like one of twenty-one", () => {
  const lines = Array.from({ length: 240_000 }, (_, at) => `line ${at}`);
  // Nobody looks so far: looking at all of them would take seconds.
  lines.push("x".repeat(301));
  const few = rules.validateField("brand_tone", lines.slice(0, 21));
  assert.deepEqual(few.errors.map(({ code }) => code), ["too_many_items"]);
  assert.deepEqual(rules.validateField("brand_tone", lines.join("\n")), few);
  assert.deepEqual(rules.validateField("brand_tone", lines), few);
});

test("an answer that is not there is an empty one", () => {
  assert.deepEqual(rules.validateField("industry", undefined), { ok: true, answer: null });
  assert.deepEqual(rules.validateField("industry", null), { ok: true, answer: null });
});

test("a session's id that is no text is none", () => {
  const id = (session) => rules.buildContext({ company_name: "चाय" }, session, 0).context.session_id;
  for (const none of [undefined, null, 7, {}]) assert.equal(id(none), id(""));
  assert.equal(id("s"), "s");
});

test("a document may be any bytes", () => {
  const bytes = new TextEncoder().encode('..{"brand_tone":["Warm",7]}');
  const { buffer } = bytes;
  const whole = buffer.slice(2);
  const shared = new SharedArrayBuffer(whole.byteLength);
  new Uint8Array(shared).set(bytes.subarray(2));
  const foreign = runInNewContext("Uint8Array.from(bytes)", { bytes: [...bytes.subarray(2)] });
  assert.ok(!(foreign instanceof Uint8Array) && !(foreign.buffer instanceof ArrayBuffer));
  const expected = rules.validateDocument("voice", '{"brand_tone":["Warm",7]}');
  assert.equal(expected.errors[0].pointer, "/brand_tone/1");
  for (const document of [bytes.subarray(2), whole, new DataView(buffer, 2), Buffer.from(whole), foreign, foreign.buffer, shared])
    assert.deepEqual(rules.validateDocument("voice", document), expected);
  assert.deepEqual(rules.validateContext(new ArrayBuffer(0)), rules.validateContext(""));
});
