// The probe from JavaScript: a server of the test, the pool of threads, errors, the old name.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { detectActualContentType } from '../dist/esm/compat.js';
import { JobqueueError, type ProbeOptions, probeContentType } from '../dist/esm/index.js';

const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
const local: ProbeOptions = { allow: ['127.0.0.1'] };

let server: Server;
let base: string;
let seen: IncomingMessage[];

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    const isHead = request.method === 'HEAD';
    if (request.url === '/signed' && isHead) response.writeHead(403).end();
    else if (request.url === '/missing.gif') response.writeHead(404).end('<html>');
    else if (request.url === '/slow') setTimeout(() => response.end(), 20_000).unref();
    else if (request.url === '/away') {
      response.writeHead(302, { location: 'http://127.0.0.2/latest/meta-data' }).end();
    } else {
      response.writeHead(isHead ? 200 : 206, {
        'content-type': 'image/jpeg; q=1', 'content-length': png.length, etag: '"e"',
        ...(isHead ? {} : { 'content-range': `bytes 0-${png.length - 1}/12345` }),
      });
      response.end(isHead ? undefined : png);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function codeOf(url: string, options: ProbeOptions = local): Promise<string> {
  try {
    await probeContentType(url, options);
  } catch (problem) {
    expect(problem).toBeInstanceOf(JobqueueError);
    return (problem as JobqueueError).code;
  }
  return 'none';
}

test('an answer', async () => {
  const url = `${base}/out.bin?sig=a.gif`;
  expect(await probeContentType(url, { ...local, headers: { 'X-Key': 'k' } })).toEqual({
    mediaType: 'image/png', extension: 'png', category: 'image', source: 'magic',
    confidence: 'high', mismatch: true, polyglot: false,
    evidence: [
      { source: 'magic', mediaType: 'image/png', detail: null, contradicted: false },
      { source: 'header', mediaType: 'image/jpeg', detail: null, contradicted: true },
    ],
    url, status: 206, size: 12345, redirects: 0, header: 'image/jpeg; q=1', etag: '"e"',
    nosniff: false, headBytes: png.length, problem: null,
  });
  expect(seen.map(({ method, headers }) => [method, headers.range, headers['x-key']])).toEqual(
    [['HEAD', undefined, 'k'], ['GET', 'bytes=0-4095', 'k']]);
  const again = await probeContentType(new URL(url), { ...local, headOnly: true });
  expect([again.mediaType, again.size, again.problem]).toEqual(['image/jpeg', png.length, null]);
  expect((await probeContentType(`${base}/signed`, local)).status).toBe(206);
  const missing = await probeContentType(`${base}/missing.gif`, local);
  expect([missing.mediaType, missing.status]).toEqual(['image/gif', 404]);
  expect(missing.problem).toBe('the server answers 404 to GET');
});

test('what is refused', async () => {
  expect(await codeOf(base, {})).toBe('ADDRESS_FORBIDDEN');
  expect(await codeOf(base, { ...local, deny: ['127.0.0.0/8'] })).toBe('ADDRESS_FORBIDDEN');
  expect(seen.length).toBe(0);
  expect(await codeOf(`${base}/away`, { ...local, configured: 'a/b' })).toBe('ADDRESS_FORBIDDEN');
  expect(await codeOf('file:///etc/passwd')).toBe('ADDRESS_FORBIDDEN');
  expect(await codeOf('http://2130706433/')).toBe('ADDRESS_FORBIDDEN');
  for (const url of [
    '', 'x', 'http://u:p@127.0.0.1/', 'http://a\r\nb/', 'http://\u00e4/', '\ud800',
  ]) {
    expect(await codeOf(url), url).toBe('INVALID_ARGUMENT');
  }
  expect(await codeOf(base, { allow: ['10.0.0.1/8'] })).toBe('INVALID_ARGUMENT');
  expect(await codeOf(base, { ...local, headers: { A: 'b\r\nC: d' } })).toBe('INVALID_ARGUMENT');
});

// In a network namespace without any network: a defect would send packets to strangers.
test('the vectors of what is refused', () => {
  const script = `
    const { probeContentType } = require(${JSON.stringify(
      new URL('../dist/cjs/index.js', import.meta.url).pathname)});
    const { cases } = require(${JSON.stringify(
      new URL('../../../tests/vectors/probe.json', import.meta.url).pathname)});
    const refused = cases.filter((one) => one.expect !== 'OK');
    (async () => {
      for (const { name, url, expect, ...options } of refused) {
        const code = await probeContentType(url, { ...options, timeoutSeconds: 1 }).then(
          () => 'OK', (problem) => problem.code);
        if (code !== expect) throw new Error(name + ': ' + code);
      }
      console.log(refused.length);
    })();`;
  const told = execFileSync('unshare', ['-rn', process.execPath, '-e', script]);
  expect(Number(told)).toBeGreaterThan(200);
});

test('nobody there', async () => {
  await new Promise((resolve) => server.close(resolve));
  expect(await codeOf(base)).toBe('NETWORK_ERROR');
  const probed = await probeContentType(base, { ...local, configured: 'audio/flac' });
  expect([probed.mediaType, probed.source, probed.status]).toEqual(
    ['audio/flac', 'configured', null]);
  expect(probed.problem).toContain('refused');
  server.listen(0);
});

test('wrong arguments', async () => {
  for (const options of [
    { allow: '127.0.0.1' }, { allow: [1] }, { configured: 1 }, { headers: { a: 1 } }, { caFile: 1 },
  ]) {
    await expect(probeContentType(base, options as unknown as ProbeOptions)).rejects.toThrow(
      TypeError);
  }
  await expect(probeContentType(1 as unknown as string)).rejects.toThrow(TypeError);
  for (const options of [
    { timeoutSeconds: 0 }, { timeoutSeconds: NaN }, { timeoutSeconds: 1e6 }, { maxRedirects: 21 },
    { maxRedirects: 1.5 }, { maxRedirects: -1 },
  ]) {
    await expect(probeContentType(base, options)).rejects.toThrow(RangeError);
  }
});

test('slow servers leave threads for others', async () => {
  const slow = Array.from({ length: 4 }, () =>
    codeOf(`${base}/slow`, { ...local, timeoutSeconds: 0.5 }));
  const began = performance.now();
  await readFile(new URL(import.meta.url));
  expect(performance.now() - began).toBeLessThan(400);
  expect(await Promise.all(slow)).toEqual(Array(4).fill('NETWORK_ERROR'));
});

test('a worker that is ended meanwhile', async () => {
  const worker = new Worker(`
    const { probeContentType } = require(${JSON.stringify(
      new URL('../dist/cjs/index.js', import.meta.url).pathname)});
    probeContentType(${JSON.stringify(`${base}/slow`)},
      { allow: ['127.0.0.1'], timeoutSeconds: 1 });
    require('node:worker_threads').parentPort.postMessage('begun');
  `, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  expect(await worker.terminate()).toBe(1);
});

test('detectActualContentType', async () => {
  expect(await detectActualContentType(`${base}/a.bin`, local)).toBe('image/png');
  // What may not be asked is what its URL says, then what is configured.
  expect(await detectActualContentType(`${base}/a.webp?b.png`)).toBe('image/webp');
  expect(await detectActualContentType(`${base}/a.bin`, { configured: 'image/png' })).toBe(
    'image/png');
  expect(await detectActualContentType('no url')).toBe('application/octet-stream');
  expect(await detectActualContentType('https://h/a.binary.png', { allow: ['x'] })).toBe(
    'image/png');
});
