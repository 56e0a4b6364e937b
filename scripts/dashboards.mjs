// Writes each dashboard as a TypeScript file, so that tsc can check it against Grafana's types:
// `node scripts/dashboards.mjs deploy/grafana/dashboards FOLDER`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const TYPES = "@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen";
// JSON has no enums: accept an enum's values as strings.
const HEAD = `import type { Dashboard } from "${TYPES}";
type Json<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
export const dashboard: Json<Dashboard> = `;

const [from, to] = process.argv.slice(2);
for (const file of readdirSync(from).filter((name) => name.endsWith(".json"))) {
  writeFileSync(join(to, `${basename(file, ".json")}.ts`), HEAD + readFileSync(join(from, file), "utf8"));
}
