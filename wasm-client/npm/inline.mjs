// Writes each compiled module into the package's JavaScript too, for places that find no file: node inline.mjs FOLDER.
import { readFileSync, writeFileSync } from "node:fs";

const folder = process.argv[2] ?? "dist";
for (const name of ["forms", "manifest"]) {
  const text = readFileSync(new URL(`wasm/${name}/${name}_bg.wasm`, import.meta.url)).toString("base64");
  writeFileSync(
    `${folder}/${name}/bytes.js`,
    `const text = atob("${text}");
const bytes = new Uint8Array(text.length);
for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
export default bytes;
`,
  );
  const about = `/** The bytes of the *${name}* module, for \`init\` where no file can be found. */`;
  writeFileSync(`${folder}/${name}/bytes.d.ts`, `${about}\ndeclare const bytes: Uint8Array<ArrayBuffer>;\nexport default bytes;\n`);
}
