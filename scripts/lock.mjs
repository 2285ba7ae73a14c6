// What keeps two commands in one checkout from pulling the files away under each other. Everything lies beside the
// checkout's build folder in the cache, never in it: a build folder may be moved.
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const DAY_MS = 24 * 60 * 60 * 1000;
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** When a process was started, which distinguishes it from a later one with the same number; empty where unknown. */
function startTime(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ")[19];
  } catch {
    return "";
  }
}

/** Ended, but its parent has not collected its exit status yet. */
function isZombie(pid) {
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
  return since === startTime(pid) && !isZombie(pid);
}

const entryOf = (pid, what) => ({ pid, since: startTime(pid), what, nonce: randomUUID() });

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Takes the lock `file` and returns the function that releases it. Waits for a living holder, with one message, and takes
 * over from a dead one.
 */
export function lock(file, what, print) {
  mkdirSync(dirname(file), { recursive: true });
  const me = entryOf(process.pid, what);
  const entry = `${file}.${me.nonce}`;
  writeFileSync(entry, JSON.stringify(me));
  let announced = false;
  for (;;) {
    try {
      // A link appears whole or not at all: nobody ever reads half a lock.
      linkSync(entry, file);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = read(file);
    if (holder && !alive(holder)) removeDeadLock(file, holder);
    else {
      if (holder && !announced) print(`Waiting for \`npm run ${holder.what}\` (process ${holder.pid}), which is preparing this checkout …`);
      announced ||= holder !== undefined;
      pause(100);
    }
  }
  rmSync(entry, { force: true });
  sweep(file);
  return () => rmSync(file, { force: true });
}

/** Several processes may find the holder dead. Only the one that creates its `.dead` file removes the lock, so that none
 * removes the lock of a newer holder. */
function removeDeadLock(file, holder) {
  try {
    writeFileSync(`${file}.${holder.nonce}.dead`, "", { flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return pause(20);
  }
  rmSync(file, { force: true });
}

/** Removes `.dead` files and the entries of processes that died while they waited, a day later. */
function sweep(file) {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!path.startsWith(`${file}.`)) continue;
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > DAY_MS) rmSync(path, { force: true });
  }
}

/** Notes in `folder` that a process runs a command; returns the function that removes the note. */
export function enter(folder, pid, what) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, String(pid));
  writeFileSync(file, JSON.stringify(entryOf(pid, what)));
  return () => rmSync(file, { force: true });
}

/** The commands that run now; removes the notes of processes that have ended. */
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
 * @returns a sentence when `npm run dev` or `npm run stack` runs: those end only when somebody stops them.
 */
export function untilUnused(folder, print) {
  let announced = false;
  for (;;) {
    const users = running(folder);
    const endless = users.find((user) => user.what === "dev" || user.what === "stack");
    if (endless) {
      return `\`npm run ${endless.what}\` (process ${endless.pid}) uses the npm packages of this checkout, which must be installed again: stop it, then run this again.`;
    }
    if (users.length === 0) return undefined;
    if (!announced) print(`Waiting for \`npm run ${users[0].what}\` (process ${users[0].pid}), which uses the npm packages …`);
    announced = true;
    pause(200);
  }
}
