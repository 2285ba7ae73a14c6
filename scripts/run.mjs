// Entry of every `npm run …`: checks what the machine must have, prepares what it can prepare itself, then hands
// over to `cargo run -p xtask`. Plain Node 20, no packages, because it runs before any are installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { testCore } from "./core.mjs";
import { enter, lock, untilUnused } from "./lock.mjs";
import { buildFolder, prepareBuildFolder } from "./targets.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = "", ...rest] = process.argv.slice(2);
/** The steps under way, so that one that fails can stop the others. */
const preparing = new Set();
const print = (line) => process.stdout.write(`  ${line}\n`);

/** Standard output of a program, or undefined when it cannot be run or fails. */
function ask(program, args) {
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** One sentence for each thing that is missing and cannot be installed without the person. */
function missing() {
  const problems = [];
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) problems.push(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
  if (ask("npm", ["--version"]) === undefined) problems.push("npm is missing: install it with Node 20 or newer (Debian: apt-get install npm).");
  if (ask("git", ["--version"]) === undefined) problems.push("git is missing: install it (Debian: apt-get install git).");
  if (ask("cc", ["--version"]) === undefined) problems.push("A C linker (cc) is missing: install one (Debian: apt-get install gcc libc6-dev).");
  if (ask("python3", ["-m", "pip", "--version"]) === undefined) {
    problems.push("Python 3 with pip is missing: install it (Debian: apt-get install python3-pip); it fetches the local Valkey server.");
  }
  if (ask("rustup", ["--version"]) === undefined) problems.push("rustup is missing: install it as https://rustup.rs says, then open a new shell.");
  return problems;
}

/** Ends this process with a sentence, and lets the next one prepare. */
function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  release();
  process.exit(1);
}

/** Runs a preparing step with its own output shown; ends this process when it fails. */
async function prepare(what, program, args, env = {}) {
  print(`${what} …`);
  const start = Date.now();
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
  preparing.add(child);
  const status = await new Promise((done) => child.on("error", () => done(1)).on("close", done));
  preparing.delete(child);
  if (status !== 0) {
    for (const other of preparing) other.kill();
    stop(`${what} failed: its messages are above.`);
  }
  print(`${what}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** Processor seconds of all programs that have ended since this one began; undefined where the system does not say. */
function processorSeconds() {
  try {
    // man 5 proc: cutime and cstime, in hundredths of a second.
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ").pop().split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return undefined;
  }
}

async function installPackages() {
  const mark = join(root, "node_modules/.package-lock.json");
  const stale = !existsSync(mark) || statSync(mark).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
  if (!stale) return;
  const used = untilUnused(`${folder}.running`, print);
  if (used) stop(used);
  await prepare("Installing npm packages", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** The pinned toolchain with its wasm target and the sources of std, which the Worker's build compiles again. */
async function installToolchain() {
  const pin = readFileSync(join(root, "rust-toolchain.toml"), "utf8");
  const channel = /channel\s*=\s*"([^"]+)"/.exec(pin)[1];
  const has = (path) => existsSync(join(ask("rustc", [`+${channel}`, "--print", "sysroot"]), "lib/rustlib", path));
  const installed = (ask("rustup", ["toolchain", "list"]) ?? "").split("\n").some((line) => line.startsWith(`${channel}-`));
  if (installed && has("wasm32-unknown-unknown/lib") && has("src/rust/library/std")) return;
  await prepare(`Installing Rust ${channel}`, "rustup", [
    "toolchain", "install", channel, "--profile", "minimal", "--no-self-update",
    "--target", "wasm32-unknown-unknown", "--component", "rustfmt", "--component", "clippy", "--component", "rust-src",
  ]);
}

function cacheDir() {
  if (process.env.GATEHOUSE_CACHE) return process.env.GATEHOUSE_CACHE;
  if (process.getuid?.() === 0) return "/var/cache/gatehouse";
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "gatehouse");
}

const cargoBin = join(process.env.CARGO_HOME || join(homedir(), ".cargo"), "bin");
process.env.PATH = [process.env.PATH, cargoBin].join(delimiter);
const problems = missing();
if (problems.length > 0) {
  process.stderr.write(`This machine is not ready yet:\n${problems.map((line) => `  - ${line}\n`).join("")}`);
  process.exit(1);
}
const cache = cacheDir();
try {
  mkdirSync(cache, { recursive: true });
} catch (error) {
  process.stderr.write(`Cannot make the cache folder ${cache} (${error.code}): set GATEHOUSE_CACHE to a folder you can write.\n`);
  process.exit(1);
}
const folder = buildFolder(cache, root);
// A command that another one runs in this checkout (wrangler's build inside the tests) finds everything prepared, and
// must not wait for those who wait for the other one's end.
const inside = process.env.GATEHOUSE_INSIDE === root;
const release = inside ? () => {} : lock(`${folder}.lock`, command, print);
prepareBuildFolder(cache, root, print);
Object.assign(process.env, {
  GATEHOUSE_CACHE: cache,
  GATEHOUSE_TARGETS: folder,
  GATEHOUSE_INSIDE: root,
  CARGO_TARGET_DIR: join(folder, "native"),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  NEXT_TELEMETRY_DISABLED: "1",
});
// What the tests compile with lints (cargo_test in xtask/src/test/compile.rs) is compiled so from the start: once.
const linted = ["test", "test:core", "assurance", "db:check"].includes(command) || process.env.GATEHOUSE_LINTED === "1";
if (linted) process.env.GATEHOUSE_LINTED = "1";
const lints = {
  CARGO_INCREMENTAL: "0",
  RUSTC_WORKSPACE_WRAPPER: "clippy-driver",
  CLIPPY_ARGS: "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
};
// Every native command selects all members, and here a small test as well: then cargo chooses the features that the tests'
// own dependencies add, and compiles nothing a second time for `npm test`.
const tools = ["build", "--quiet", "--bin", "xtask", "--test", "canonical"];
const compileTools = () => prepare("Compiling the project's tools", "cargo", tools, linted ? lints : {});
if (command === "test:core") {
  await installToolchain();
  release();
  process.exit(await testCore(root, lints, rest[0]));
}
if (inside) {
  await compileTools();
} else {
  // One waits for the network and the other for the processor.
  await Promise.all([installPackages(), installToolchain().then(compileTools)]);
}
const seconds = processorSeconds();
if (seconds !== undefined) process.env.GATEHOUSE_PREPARED_SECONDS = seconds.toFixed(1);
const child = spawn(join(folder, "native/debug/xtask"), [command, ...rest], { cwd: root, stdio: "inherit" });
// Under the child's number: it goes on when this process is killed.
const leave = child.pid === undefined ? () => {} : enter(`${folder}.running`, child.pid, command);
release();
// A terminal's Ctrl-C reaches the child by itself, as part of the same group: passing it on would be twice.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`The project's tools cannot be started: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  leave();
  process.exit(code ?? (signal === "SIGINT" ? 130 : 143));
});
