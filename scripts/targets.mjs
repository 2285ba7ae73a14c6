// Cargo's output folders live in the per-user cache, in one build folder for each checkout. They cannot be shared: cargo takes two
// checkouts' packages for the same and judges them by file times, so one would be given the other's build. But the
// dependencies are the same, so a new checkout starts with a copy of them and compiles only the project's own crates.
import { createHash } from "node:crypto";
import { constants, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The project's own packages: what cargo made of them is never taken over. */
const OWN = /^(lib)?(gatehouse|xtask)[-_.]/;
/** Inside each build folder: the native tools, the Worker, the browser package. */
const PROFILES = ["native/debug", "worker/release", "worker/wasm32-unknown-unknown/release", "wasm/release", "wasm/wasm32-unknown-unknown/release"];

/** A checkout that is not to be seen may be on a disk or in a container that is away for now. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** This checkout's build folder: cargo's output folders. Its locks lie beside it. */
export function buildFolder(cache, root) {
  return join(cache, "checkouts", createHash("sha256").update(root).digest("hex").slice(0, 12));
}

/** Makes the build folder, with compiled dependencies in it when it is new, and returns it. The caller holds the lock. */
export function prepareBuildFolder(cache, root, print) {
  const all = join(cache, "checkouts");
  const own = buildFolder(cache, root);
  if (!existsSync(join(own, "checkout"))) {
    mkdirSync(all, { recursive: true });
    seed(all, own, print);
  }
  // Its time says when the checkout was last worked on.
  writeFileSync(join(own, "checkout"), `${root}\n`);
  return own;
}

function seed(all, own, print) {
  const others = readdirSync(all)
    .map((name) => join(all, name))
    .filter((dir) => dir !== own && existsSync(join(dir, "checkout")))
    .map((dir) => ({ dir, used: statSync(join(dir, "checkout")).mtimeMs, root: readFileSync(join(dir, "checkout"), "utf8").trim() }))
    .sort((a, b) => b.used - a.used);
  rmSync(own, { recursive: true, force: true });
  const isGone = ({ root, used }) => !existsSync(root) && Date.now() - used > KEPT_MS;
  const gone = others.filter(isGone).map(({ dir }) => dir);
  const living = others.find((other) => !isGone(other))?.dir;
  if (takeOver(gone, own)) print("Taking over the build folders of a checkout that is gone.");
  else if (living) {
    print("Taking over compiled dependencies from another checkout …");
    for (const profile of PROFILES) copyDependencies(join(living, profile), join(own, profile));
  }
  for (const dir of gone) rmSync(dir, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  for (const profile of PROFILES) forgetOwn(join(own, profile));
}

/** Moves the first build folder that nobody else has taken meanwhile; false when there is none. */
function takeOver(gone, own) {
  while (gone.length > 0) {
    try {
      renameSync(gone.shift(), own);
      return true;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return false;
}

/** Fingerprints first: what the other checkout finishes meanwhile is then merely compiled again. */
function copyDependencies(from, to) {
  for (const part of [".fingerprint", "build", "deps"]) {
    if (!existsSync(join(from, part))) continue;
    cpSync(join(from, part), join(to, part), {
      recursive: true,
      preserveTimestamps: true,
      mode: constants.COPYFILE_FICLONE,
      // In deps only libraries count; the programs there are the project's tests.
      filter: (path) => !OWN.test(basename(path)) && (part !== "deps" || basename(path) === "deps" || /\.(rlib|rmeta|so|d)$/.test(path)),
    });
  }
}

function forgetOwn(profile) {
  const fingerprints = join(profile, ".fingerprint");
  if (!existsSync(fingerprints)) return;
  for (const name of readdirSync(fingerprints)) {
    if (OWN.test(name)) rmSync(join(fingerprints, name), { recursive: true, force: true });
  }
}
