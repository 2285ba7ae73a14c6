// Exports as they are downloaded, JSON and Markdown, verified with what the package says about each.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { init, verifyManifest } from "@gatehouse/wasm-client/manifest";

await init();
const read = (name) => readFileSync(new URL(`../../../tests/contract/export/${name}`, import.meta.url), "utf8");
const json = read("manifest.json");
const markdown = read("manifest.md");

test("both exports of a manifest are verified, whatever an editor did to their line ends", () => {
  const verified = verifyManifest(json);
  assert.equal(verified.ok, true);
  assert.equal(verified.checksum, JSON.parse(json).checksum);
  assert.deepEqual(verifyManifest(markdown), verified);
  assert.deepEqual(verifyManifest(`\ufeff${markdown.replaceAll("\n", "\r\n")}`), verified);
});

test("a Markdown export whose text or content was changed is refused", () => {
  const heading = /\n## .*\n\n- (.*)\n/.exec(markdown)[1];
  assert.equal(verifyManifest(markdown.replace(heading, `${heading} and more`)).problem.code, "text_changed");
  const changed = markdown.replace(/(```json\n.*?":")/, "$1x");
  assert.notEqual(changed, markdown);
  assert.equal(verifyManifest(changed).problem.code, "checksum_mismatch");
  assert.equal(verifyManifest(markdown.slice(0, 100)).problem.code, "not_a_manifest");
});

test("what the checksum does not cover can be changed, and is named", () => {
  const claimed = { ...JSON.parse(json), version: 99, workspace_id: "another", generated_at: "2020-01-01T00:00:00Z" };
  const { ok, version, unproven } = verifyManifest(claimed);
  assert.deepEqual([ok, version], [true, 99]);
  for (const member of ["version", "workspace_id", "generated_at", "confirmed_at", "source", "meta"]) assert.ok(unproven.includes(member), member);
  assert.ok(!unproven.includes("content"));
});
