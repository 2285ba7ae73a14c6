// What keeps two commands in one checkout from pulling the files away under each other. Everything lies beside the
// checkout's set in the cache, never in it: a set may be moved.
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const DAY_MS = 24 * 60 * 60 * 1000;
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** When a process was started, which tells it from a later one with the same number; empty where nobody says. */
function born(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ")[19];
  } catch {
    return "";
  }
}

/** Ended, and only waiting for its parent to notice. */
function ended(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().startsWith("Z");
  } catch {
    return false;
  }
}

function alive({ pid, since }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return since === born(pid) && !ended(pid);
}

const entryOf = (pid, what) => ({ pid, since: born(pid), what, nonce: randomUUID() });

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Takes the lock `file` and gives the function that releases it. Waits for a living holder, saying so once, and takes
 * over from a dead one.
 */
export function lock(file, what, say) {
  mkdirSync(dirname(file), { recursive: true });
  const me = entryOf(process.pid, what);
  const mine = `${file}.${me.nonce}`;
  writeFileSync(mine, JSON.stringify(me));
  let said = false;
  for (;;) {
    try {
      // A link appears whole or not at all: nobody ever reads half a lock.
      linkSync(mine, file);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = read(file);
    if (holder && !alive(holder)) buryOnce(file, holder);
    else {
      if (holder && !said) say(`Waiting for \`npm run ${holder.what}\` (process ${holder.pid}), which is preparing this checkout …`);
      said ||= holder !== undefined;
      pause(100);
    }
  }
  rmSync(mine, { force: true });
  sweep(file);
  return () => rmSync(file, { force: true });
}

/** Of all who find a holder dead, the one who makes its gravestone removes its lock: a newer lock is never hit. */
function buryOnce(file, holder) {
  try {
    writeFileSync(`${file}.${holder.nonce}.dead`, "", { flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return pause(20);
  }
  rmSync(file, { force: true });
}

/** Gravestones, and entries of those who died waiting, are of no use to anybody after a day. */
function sweep(file) {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!path.startsWith(`${file}.`)) continue;
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > DAY_MS) rmSync(path, { force: true });
  }
}

/** Writes into `folder` that a process runs a command; gives the function that takes it back. */
export function enter(folder, pid, what) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, String(pid));
  writeFileSync(file, JSON.stringify(entryOf(pid, what)));
  return () => rmSync(file, { force: true });
}

/** The commands that run now, those of the dead forgotten. */
export function running(folder) {
  mkdirSync(folder, { recursive: true });
  const found = [];
  for (const name of readdirSync(folder)) {
    const entry = read(join(folder, name));
    if (entry && alive(entry)) found.push(entry);
    else if (entry) rmSync(join(folder, name), { force: true });
  }
  return found;
}

/**
 * Waits until no command uses what is about to be replaced.
 *
 * @returns a sentence when one runs that ends only when somebody ends it: waiting is no use.
 */
export function untilUnused(folder, say) {
  let said = false;
  for (;;) {
    const users = running(folder);
    const endless = users.find((user) => user.what === "dev" || user.what === "stack");
    if (endless) {
      return `\`npm run ${endless.what}\` (process ${endless.pid}) uses the npm packages of this checkout, which must be installed anew: stop it, then run this again.`;
    }
    if (users.length === 0) return undefined;
    if (!said) say(`Waiting for \`npm run ${users[0].what}\` (process ${users[0].pid}), which uses the npm packages …`);
    said = true;
    pause(200);
  }
}
