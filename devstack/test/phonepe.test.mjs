// @phonepe-pg/pg-sdk-node, unchanged, against the simulator. Its hosts are fixed, so an interceptor of its HTTP client
// redirects its requests. Address and credentials come from the environment.
// package.json pins class-transformer to 0.4.0 for it: 0.4.1, which its range allows, lacks a function that it calls.
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

const control = async (method, path, body) => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${gateway}/__devstack/phonepe${path}`, { method, headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.text());
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

test("pay, status, refund and refused requests", async () => {
  const id = randomUUID();
  const payment = await pay(id);
  assert.match(payment.redirectUrl, /\/transact\//);
  assert.match(payment.orderId, /^OMO\d+$/);
  assert.equal((await client.getOrderStatus(id)).state, "PENDING");
  await control("POST", `/orders/${id}/pay`);
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

test("the client renews a revoked token by itself", async () => {
  const id = randomUUID();
  await pay(id);
  await control("POST", "/tokens/revoke");
  assert.equal((await client.getOrderStatus(id)).state, "PENDING");
});

test("a webhook passes the official check", async (t) => {
  let receive;
  const received = new Promise((resolve) => (receive = resolve));
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.end();
    receive({ authorization: request.headers.authorization, body });
  });
  // Closed after a failure, too: an open server would keep this process alive.
  t.after(() => server.close().closeAllConnections());
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  await control("PUT", "/webhook", { url: `http://127.0.0.1:${server.address().port}`, username, password });
  const id = randomUUID();
  await pay(id);
  await control("POST", `/orders/${id}/cancel`);
  const { authorization, body } = await received;
  const callback = client.validateCallback(username, password, authorization, body);
  assert.deepEqual([callback.payload.merchantOrderId, callback.payload.state], [id, "FAILED"]);
  assert.throws(() => client.validateCallback(username, "another1", authorization, body));
});
