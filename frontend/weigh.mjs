// Says in bytes, gzipped, what a browser fetches once: all scripts, those that are our own (without htmx), the styles.
import { gzipSync } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));

async function weight(entry, ...others) {
  const options = { absWorkingDir: here, bundle: true, minify: true, format: "esm", write: false };
  const { outputFiles } = await esbuild.build({ ...options, entryPoints: [entry], external: others });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const [scripts, own, styles] = [weight("app.js"), weight("app.js", "htmx.org"), weight("app.css")];
console.log(JSON.stringify({ scripts: await scripts, own: await own, styles: await styles }));
