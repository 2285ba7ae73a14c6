// @upstash/redis, unchanged, against the REST proxy. Address and token come from the environment.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { Redis } from "@upstash/redis";

const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = process.env;
const redis = new Redis({ url, token, enableTelemetry: false });

test("values of every type are returned unchanged", async () => {
  const key = randomUUID();
  assert.equal(await redis.set(key, { text: "नमस्ते", list: [1, null] }, { ex: 100 }), "OK");
  assert.deepEqual(await redis.get(key), { text: "नमस्ते", list: [1, null] });
  assert.equal(await redis.get("absent"), null);
  assert.ok((await redis.ttl(key)) > 90);
  assert.equal(await redis.set(key, "x", { nx: true }), null);
  assert.equal(await redis.hset(`${key}:h`, { a: 1, b: "two" }), 2);
  assert.deepEqual(await redis.hgetall(`${key}:h`), { a: 1, b: "two" });
  assert.equal(await redis.del(key, `${key}:h`), 2);
});

test("pipelines and transactions", async () => {
  const key = randomUUID();
  assert.deepEqual(await redis.pipeline().set(key, 1).incr(key).get(key).exec(), ["OK", 2, 2]);
  assert.deepEqual(await redis.multi().incrby(key, 3).get(key).exec(), [5, 5]);
  const mixed = await redis.pipeline().set(key, "text").incr(key).exec({ keepErrors: true });
  assert.equal(mixed[0].result, "OK");
  assert.match(mixed[1].error, /not an integer/);
});

test("scripts run by their hash after the first time", async () => {
  const script = redis.createScript("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  const key = randomUUID();
  assert.equal(await script.exec([key], ["4"]), 4);
  assert.equal(await script.exec([key], ["4"]), 8);
  await assert.rejects(redis.evalsha("f".repeat(40), [], []), /NOSCRIPT/);
});

test("a wrong token is refused", async () => {
  await assert.rejects(new Redis({ url, token: "wrong", retry: false }).get("x"), /WRONGPASS/);
});
