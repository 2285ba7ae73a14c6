// Runs the built Worker on workerd for tests and `npm run dev`: requests reach workerd directly, without a proxy.
// Reads one JSON line with the options, then one per command; writes one JSON line per message.
// It ends when its stdin is closed, so it cannot outlive the process that started it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const fail = (error) => {
  send({ failed: String(error?.message ?? error) });
  process.exit(1);
};
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const options = JSON.parse((await lines.next()).value);

const require = createRequire(join(options.repo, "node_modules/wrangler/package.json"));
process.env.GATEHOUSE_WORKERD = createRequire(require.resolve("miniflare"))("workerd").default;
process.env.MINIFLARE_WORKERD_PATH = fileURLToPath(new URL("workerd.sh", import.meta.url));
const { Miniflare, Log, LogLevel, convertV4MiniflareOptions } = require("miniflare");

const bundle = join(options.repo, "build/worker");
const worker = new Miniflare(
  convertV4MiniflareOptions({
    name: "gatehouse",
    log: new Log(LogLevel.NONE),
    cf: false,
    handleStructuredLogs: ({ level, message }) => send({ log: { level, message } }),
    modulesRoot: bundle,
    modules: [
      { type: "ESModule", path: join(bundle, "index.js"), contents: readFileSync(join(bundle, "index.js"), "utf8") },
      { type: "CompiledWasm", path: join(bundle, "index_bg.wasm"), contents: readFileSync(join(bundle, "index_bg.wasm")) },
    ],
    compatibilityDate: options.compatibilityDate,
    compatibilityFlags: options.compatibilityFlags,
    bindings: options.vars,
    ratelimits: options.ratelimits,
    // Wrangler's static assets, without the four more Workers that serve them there.
    serviceBindings: { ASSETS: { disk: { path: join(options.repo, "build/assets"), writable: false } } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port }],
  }),
);
await worker.ready;
const url = await worker.unsafeGetDirectURL("gatehouse");
send({ ready: url.href.replace(/\/$/, "") });

for await (const line of lines) {
  const { scheduled } = JSON.parse(line);
  const handler = await worker.getWorker("gatehouse");
  const { outcome } = await handler.scheduled({ cron: scheduled.cron, scheduledTime: new Date(scheduled.time) });
  send({ scheduled: outcome });
}
await worker.dispose();
process.exit(0);
