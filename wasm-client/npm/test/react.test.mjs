// The hooks in React itself, in Strict Mode, with as much of a document as React asks for where nothing is drawn.
import assert from "node:assert/strict";
import { test } from "node:test";

import { init, isReady } from "@gatehouse/wasm-client/forms";
import { useValidatedStep } from "@gatehouse/wasm-client/react";

const node = { addEventListener() {}, namespaceURI: "http://www.w3.org/1999/xhtml" };
globalThis.window = { HTMLIFrameElement: class {} };
globalThis.document = { ...node, nodeType: 9, activeElement: null };
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
const { StrictMode, act, createElement } = await import("react");
const { createRoot } = await import("react-dom/client");

/** Renders the hook; `seen.now` is what it answered last. */
function step(...first) {
  const seen = {};
  const Step = ({ given }) => {
    seen.now = useValidatedStep(...given);
    return null;
  };
  const root = createRoot({ ...node, nodeType: 1, nodeName: "DIV", tagName: "DIV", ownerDocument: document });
  const show = (...given) => act(() => root.render(createElement(StrictMode, null, createElement(Step, { given }))));
  show(...first);
  return { seen, show };
}
const change = (seen, field, draft) => act(() => seen.now.change(field, draft));
const check = (seen) => act(() => void seen.now.check());

// First in this file: afterwards the rules are there.
test("what is typed while the rules are loading is checked once they are there", async () => {
  const { seen } = step("company");
  change(seen, "company_website", "chaya");
  change(seen, "industry", "Tea");
  assert.equal(isReady(), false);
  assert.deepEqual([seen.now.state, seen.now.errors, seen.now.check()], ["loading", {}, undefined]);
  await act(() => init());
  assert.equal(seen.now.state, "ready");
  assert.deepEqual(Object.keys(seen.now.errors), ["company_website"]);
  assert.deepEqual(seen.now.drafts, { company_website: "chaya", industry: "Tea" });
});

test("another step begins anew", async () => {
  const { seen, show } = step("company", { company_name: "Chaya" });
  const { change: late } = seen.now;
  change(seen, "company_website", "chaya");
  show("voice", { brand_tone: ["Warm"] });
  assert.deepEqual([seen.now.drafts, seen.now.errors], [{ brand_tone: ["Warm"] }, {}]);
  act(() => late("industry", "Tea"));
  assert.deepEqual(seen.now.drafts, { brand_tone: ["Warm"] });
  assert.equal(seen.now.check().ok, true);
});

test("saved answers that arrive later fill what nobody typed into", async () => {
  const { seen, show } = step("company");
  change(seen, "industry", "Tea");
  check(seen);
  assert.deepEqual(Object.keys(seen.now.errors), ["company_name", "business_stage", "company_description"]);
  show("company", { company_name: "Chaya", industry: "Coffee" });
  assert.deepEqual(seen.now.drafts, { company_name: "Chaya", industry: "Tea" });
  // What was said about an empty question does not stand beside its answer.
  assert.deepEqual(Object.keys(seen.now.errors), ["business_stage", "company_description"]);
  show("company", { company_name: "Chaya & Co" });
  assert.deepEqual(seen.now.drafts, { company_name: "Chaya & Co", industry: "Tea" });
  change(seen, "industry", "");
  assert.equal(seen.now.drafts.industry, "");
});

test("what is wrong with no question of the step can be seen", async () => {
  const { seen } = step("voice", { brand_tone: "Warm", shoe_size: "44" });
  check(seen);
  assert.deepEqual(seen.now.errors, { "": "“shoe_size” is not a question here; remove it." });
  const unknown = step("vioce").seen;
  check(unknown);
  assert.match(unknown.now.errors[""], /“vioce” is not a step/);
  const half = step("voice", { brand_tone: "Warm \ud83c" }).seen;
  check(half);
  assert.match(half.now.errors.brand_tone, /broken character/);
});

test("answers of other steps are ignored, and nothing saved is nothing", async () => {
  const { seen, show } = step("voice", { brand_tone: "Warm", industry: "Tea" });
  change(seen, "top_goals", "Sleep");
  assert.deepEqual(seen.now.drafts, { brand_tone: "Warm" });
  check(seen);
  assert.deepEqual(seen.now.errors, {});
  show("voice", null);
  assert.deepEqual(seen.now.drafts, {});
});
