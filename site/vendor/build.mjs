// Bundles map.js and deck.js into the folder that is named, with the licences of what they hold: node build.mjs FOLDER
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const folder = process.argv[2];
const rules = { bundle: true, minify: true, write: false, target: "es2022", legalComments: "none", logLevel: "error" };
const worker = await build({ ...rules, entryPoints: ["maplibre-gl/dist/maplibre-gl-worker.mjs"], format: "iife" });
const plugin = {
  name: "worker",
  setup: (told) => {
    told.onResolve({ filter: /^worker$/ }, () => ({ path: "worker", namespace: "worker" }));
    told.onLoad({ filter: /.*/, namespace: "worker" }, () => ({ contents: worker.outputFiles[0].text, loader: "text" }));
  },
};

await mkdir(folder, { recursive: true });
const files = {};
for (const name of ["map", "deck"]) {
  const made = await build({ ...rules, entryPoints: [`${name}.js`], format: "iife", plugins: [plugin], define: { "import.meta.url": '""' } });
  const bytes = made.outputFiles[0].contents;
  await writeFile(`${folder}/${name}.js`, bytes);
  files[`${name}.js`] = { bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

const told = [];
const texts = [];
const lock = JSON.parse(await readFile("package-lock.json", "utf8")).packages;
for (const path of Object.keys(lock).filter((key) => key && !lock[key].dev && !lock[key].optional).sort()) {
  const { name, version, license } = JSON.parse(await readFile(`${path}/package.json`, "utf8"));
  const file = (await readdir(path)).find((f) => /^licen[cs]e/i.test(f));
  told.push({ name, version, licence: license });
  texts.push(`${name} ${version}, ${license}\n\n${file ? (await readFile(`${path}/${file}`, "utf8")).trim() : "The package has no text of its licence."}\n`);
}
await writeFile(`${folder}/licences.txt`, texts.join(`\n${"-".repeat(80)}\n\n`));
await writeFile(`${folder}/bundle.json`, `${JSON.stringify({ files, packages: told }, null, 1)}\n`);
