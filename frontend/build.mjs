// Bundles app.js and app.css into labshare/static/dist/ under names that carry their content's hash,
// and writes manifest.json, the list of which name stands for which file. `--watch` builds again on every save.
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "..", "labshare", "static", "dist");

const manifest = {
  name: "manifest",
  setup(build) {
    build.onEnd(async ({ metafile, errors }) => {
      if (errors.length) return;
      const names = {};
      for (const [file, made] of Object.entries(metafile.outputs)) {
        if (made.entryPoint) names[path.basename(made.entryPoint)] = path.basename(file);
      }
      // Written beside and renamed, so that a server never reads half a list; files of older builds go last.
      const list = path.join(out, "manifest.json");
      await writeFile(`${list}.part`, `${JSON.stringify(names, null, 2)}\n`);
      await rename(`${list}.part`, list);
      const keep = new Set(["manifest.json", ...Object.keys(metafile.outputs).map((f) => path.basename(f))]);
      for (const name of await readdir(out)) {
        if (!keep.has(name)) await rm(path.join(out, name));
      }
      console.log(`assets: ${Object.values(names).join(", ")}`);
    });
  },
};

const options = {
  absWorkingDir: here,
  entryPoints: ["app.js", "app.css"],
  outdir: out,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  // The oldest browsers that know light-dark(); nothing is rewritten for older ones.
  target: ["chrome123", "firefox120", "safari17.5"],
  metafile: true,
  logLevel: "warning",
  plugins: [manifest],
};

await mkdir(out, { recursive: true });
if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
}
