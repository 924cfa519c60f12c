// Builds the addon into prebuilds/ and the TypeScript for both module systems into dist/.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const build = path.join(root, '../../build/node/addon');
const prebuild = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);

function run(command, ...words) {
  execFileSync(command, words, { cwd: root, stdio: 'inherit' });
}

run('cmake', '-S', '.', '-B', build, '-G', 'Ninja', `-DJOBQUEUE_PREBUILD=${prebuild}`);
run('cmake', '--build', build);
run('cmake', '--install', build, '--component', 'node', '--strip');

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
run(process.execPath, tsc, '-p', 'tsconfig.json');
run(process.execPath, tsc, '-p', 'tsconfig.cjs.json');
// The package says that .js is ESM.
writeFileSync(path.join(root, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
