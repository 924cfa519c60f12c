// Bundles the page into a folder, from which CMake builds it into the program.
import { copyFileSync, mkdirSync } from 'node:fs';
import { build } from 'esbuild';

const [folder = '../../build/monitor'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: { monitor: 'main.ts' },
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  // The program has it as text of ASCII characters.
  charset: 'ascii',
  legalComments: 'none',
});
for (const name of ['index.html', 'icon.svg']) copyFileSync(name, `${folder}/${name}`);
