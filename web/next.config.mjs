import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { PHASE_PRODUCTION_SERVER } from "next/constants.js";

import { prepareRules, servedRules } from "./scripts/prepare.mjs";

const web = dirname(fileURLToPath(import.meta.url));

/** @returns {import("next").NextConfig} */
export default (phase) => ({
  // A server of a finished build serves what that build names, whatever was compiled since.
  env: { RULES_URL: phase === PHASE_PRODUCTION_SERVER ? servedRules() : prepareRules() },
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
});
