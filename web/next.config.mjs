import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(fileURLToPath(import.meta.url));

/** The address of the compiled rules, which scripts/prepare.mjs named by their content. */
function rulesUrl() {
  const name = readdirSync(join(web, "public/wasm")).find((file) => file.endsWith(".wasm"));
  if (!name) throw new Error("The compiled rules are missing: run `npm run build -w web`.");
  return `/wasm/${name}`;
}

/** @type {import("next").NextConfig} */
export default {
  env: { RULES_URL: rulesUrl() },
  turbopack: { root: dirname(web) },
  poweredByHeader: false,
  async headers() {
    return [
      {
        source: "/wasm/:file",
        headers: [{ key: "Cache-Control", value: "public, max-age=31536000, immutable" }],
      },
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Referrer-Policy", value: "same-origin" },
        ],
      },
    ];
  },
};
