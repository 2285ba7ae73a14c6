// The Worker's entry module: hands each event to the wasm export of the same name.
// A panic rejects that one call (panic=unwind). After a trap (unreachable, stack overflow, out of memory) the
// glue below instantiates the module anew before the next call; docs/decisions/0002-panic-unwind.md.
import * as wasm from "./index.js";

Error.stackTraceLimit = 100;

const handlers = {};
for (const event of ["fetch", "scheduled", "queue"]) {
  const handler = wasm[event];
  if (handler !== undefined) handlers[event] = (subject, env, ctx) => handler(subject, env, ctx);
}
export default handlers;
