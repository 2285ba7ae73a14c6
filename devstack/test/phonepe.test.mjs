// @phonepe-pg/pg-sdk-node, unchanged, against the simulator. Its hosts are fixed, so its requests are sent elsewhere
// by an interceptor of the HTTP client that it hands out. Address and credentials come by environment.
// package.json holds class-transformer at 0.4.0 for it: 0.4.1, which its range allows, lacks a function that it calls.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import sdk from "@phonepe-pg/pg-sdk-node";

const { PHONEPE_PG_URL: base, SUPABASE_URL: gateway } = process.env;
const { Env, RefundRequest, StandardCheckoutClient, StandardCheckoutPayRequest } = sdk;
const [username, password] = [process.env.PHONEPE_WEBHOOK_USERNAME, process.env.PHONEPE_WEBHOOK_PASSWORD];

const client = StandardCheckoutClient.getInstance(
  process.env.PHONEPE_CLIENT_ID,
  process.env.PHONEPE_CLIENT_SECRET,
  Number(process.env.PHONEPE_CLIENT_VERSION),
  Env.SANDBOX,
);
client.httpClient.interceptors.request.use((config) => {
  config.url = config.url.replace("https://api-preprod.phonepe.com/apis/pg-sandbox", base);
  return config;
});

const knob = async (method, path, body) => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${gateway}/__devstack/phonepe${path}`, { method, headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
};

const pay = (merchantOrderId) =>
  client.pay(
    StandardCheckoutPayRequest.builder()
      .merchantOrderId(merchantOrderId)
      .amount(500000)
      .redirectUrl("http://127.0.0.1:3000/back")
      .expireAfter(600)
      .build(),
  );

test("pay, status, refund, and what is refused", async () => {
  const id = randomUUID();
  const made = await pay(id);
  assert.match(made.redirectUrl, /\/transact\//);
  assert.match(made.orderId, /^OMO\d+$/);
  assert.equal((await client.getOrderStatus(id)).state, "PENDING");
  await knob("POST", `/orders/${id}/pay`);
  const paid = await client.getOrderStatus(id, true);
  assert.deepEqual([paid.state, paid.amount], ["COMPLETED", 500000]);
  assert.equal(paid.paymentDetails[0].state, "COMPLETED");
  assert.equal(paid.paymentDetails[0].splitInstruments[0].instrument.type, "ACCOUNT");

  const merchantRefundId = randomUUID();
  const refund = (amount) =>
    RefundRequest.builder().merchantRefundId(merchantRefundId).originalMerchantOrderId(id).amount(amount).build();
  await assert.rejects(client.refund(refund(500001)), { httpStatusCode: 400, code: "EXCESS_REFUND_AMOUNT" });
  assert.equal((await client.refund(refund(500000))).state, "PENDING");
  assert.equal((await client.getRefundStatus(merchantRefundId)).state, "COMPLETED");
  await assert.rejects(pay(id), { httpStatusCode: 417 });
  await assert.rejects(client.getOrderStatus(randomUUID()), { code: "INVALID_MERCHANT_ORDER_ID" });
});

test("a revoked token is renewed without the caller's help", async () => {
  const id = randomUUID();
  await pay(id);
  await knob("POST", "/tokens/revoke");
  assert.equal((await client.getOrderStatus(id)).state, "PENDING");
});

test("a webhook passes the official check", async (t) => {
  let told;
  const hearing = new Promise((resolve) => (told = resolve));
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    response.end();
    told({ authorization: request.headers.authorization, body });
  });
  // Closed after a failure too: an open server would keep this process alive.
  t.after(() => server.close().closeAllConnections());
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  await knob("PUT", "/webhook", { url: `http://127.0.0.1:${server.address().port}`, username, password });
  const id = randomUUID();
  await pay(id);
  await knob("POST", `/orders/${id}/cancel`);
  const { authorization, body } = await hearing;
  const callback = client.validateCallback(username, password, authorization, body);
  assert.deepEqual([callback.payload.merchantOrderId, callback.payload.state], [id, "FAILED"]);
  assert.throws(() => client.validateCallback(username, "another1", authorization, body));
});
