// The Node package against file-type.
//
//   content_type.mjs FOLDER   the folder that `bench_content_type --write_corpora` has filled
//
// Each is given the same head of 4096 bytes. What the package says is checked before anything is
// timed; where file-type says something else, that is printed beside its row: it knows no text.
// Rows are the best of many rounds.
import fs from 'node:fs';
import path from 'node:path';
import { fileTypeFromBuffer } from 'file-type';
import { detectContentType } from '../bindings/node/dist/esm/index.js';

const ways = {
  package: (head) => detectContentType(head).mediaType,
  'file-type': async (head) => (await fileTypeFromBuffer(head))?.mime ?? 'nothing',
};

async function bestTime(call) {
  let best = Infinity;
  let calls = 1;
  for (let round = 0; round < 20; ++round) {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < calls; ++i) {
      const answer = call();
      if (answer instanceof Promise) await answer;
    }
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / calls);
    calls = Math.max(1, Math.ceil(5e6 / best));
  }
  return best;
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: content_type.mjs FOLDER');
  process.exit(2);
}
const lines = fs.readFileSync(path.join(folder, 'content_type.ns'), 'utf8').trimEnd().split('\n');
for (const line of lines) {
  const [name, wanted, inCpp] = line.split(' ');
  const head = fs.readFileSync(path.join(folder, 'content_type', name));
  if (ways.package(head) !== wanted) throw new Error(name);
  const times = {};
  for (const [way, call] of Object.entries(ways)) times[way] = await bestTime(() => call(head));
  for (const [way, nanos] of Object.entries(times)) {
    const said = await ways[way](head);
    console.log(`${`${way}/${name}`.padEnd(28)} ${nanos.toFixed(0).padStart(9)} ns `
      + `${(nanos / times.package).toFixed(2).padStart(7)} x package`
      + ` ${(nanos / Number(inCpp)).toFixed(1).padStart(8)} x C++`
      + (said === wanted ? '' : `  ${said}`));
  }
}
