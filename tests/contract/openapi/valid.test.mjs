// docs/openapi.json is an OpenAPI document by the published schema of OpenAPI 3.1, which a validator that is not ours applies.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";

const read = () => JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));

const validator = new Validator();
const validate = async (document) => {
  const { valid, errors } = await validator.validate(document);
  return valid ? [] : errors;
};

test("the committed document is valid OpenAPI 3.1, and its references lead somewhere", async () => {
  const document = read();
  assert.match(document.openapi, /^3\.1\./);
  assert.deepEqual(await validate(document), []);
});

test("the validator refuses what OpenAPI does not know", async () => {
  const spoilt = [
    (document) => (document.$comment = "Generated."),
    (document) => delete document.info.version,
    (document) => (document.paths["/health"].get.parameters = [{ name: "limit", in: "body" }]),
    (document) => delete document.components.schemas.Problem,
  ];
  for (const spoil of spoilt) {
    const document = read();
    spoil(document);
    assert.notDeepEqual(await validate(document), [], spoil.toString());
  }
});
