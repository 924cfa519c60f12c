// The real program with a store that it has filled itself.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = new URL('../../build/release/bin/jobqueue', import.meta.url).pathname;
export const token = 'a-token-of-sixteen-or-more';
export const hostileId = `<b onmouseover=alert(1)>bold</b>"'&/?#%`;
export const jobCount = 2000;

const hour = 3600e3;
const ago = (hours) => new Date(Date.now() - hours * hour).toISOString();

function attempt(number, message) {
  return {
    key: `worker:failure:job-id:w1:step-id:s1:attempt:${number}`,
    record: {
      job_id: 'step-s1',
      worker_id: `gpu-${number}`,
      status: 'failed_retrying',
      started_at: ago(6 - number),
      failed_at: ago(5.8 - number),
      error_message: message,
      retry_count: number,
      seed: 9007199254740993n + BigInt(number),
    },
  };
}

// JSON with numbers that a double cannot hold.
const json = (value) =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `exact:${one}` : one)).replace(
    /"exact:(\d+)"/g,
    '$1',
  );

function* records() {
  yield {
    id: 'w1',
    name: 'Cat in a hat',
    status: 'failed',
    job_type: 'image',
    created_at: ago(6),
    completed_at: ago(2),
    retry_count: 2,
    max_retries: 3,
    error_message: 'CUDA out of memory',
    data: { prompt: 'a cat in a hat', seed: 9007199254740993n },
    attestations: [
      attempt(1, 'connect ECONNREFUSED 10.0.0.7:8188'),
      attempt(2, 'CUDA out of memory'),
    ],
  };
  yield {
    id: hostileId,
    name: '<script>alert(1)</script>',
    status: 'failed',
    job_type: '<i>video</i>',
    created_at: ago(7),
    error_message: '<img src=x onerror=alert(2)>',
    data: { x: '</script><svg/onload=alert(3)>' },
    attestations: [{ key: 'api:workflow:failure:x', record: '<svg/onload=alert(4)>' }],
  };
  // A name that every object has.
  yield { id: 'odd', status: 'constructor', job_type: '__proto__', created_at: ago(9) };
  const image = `data:image/png;base64,${'iVBORw0KGgo'.padEnd(3_000_000, 'Q')}`;
  yield {
    id: 'large',
    status: 'failed',
    created_at: ago(8),
    error_message: 'worker lost',
    data: { frames: Array.from({ length: 10 }, (_, n) => ({ n, image })), prompt: 'a long film' },
  };
  const statuses = ['completed', 'completed', 'failed', 'processing', 'pending'];
  for (let i = 0; i < jobCount; ++i) {
    const status = statuses[i % statuses.length];
    yield {
      id: `job-${String(i).padStart(5, '0')}`,
      name: `Job ${i}`,
      status,
      job_type: ['image', 'video', 'audio'][i % 3],
      created_at: ago(10 + i / 100),
      ...(status === 'completed' && {
        completed_at: ago(9.5 + i / 100),
        workflow_output: i % 2 ? 'https://cdn.example.com/a.png' : null,
      }),
      ...(status === 'failed' && {
        error_message: `Request timed out after ${i} ms`,
        completed_at: ago(9.5 + i / 100),
      }),
      data: { prompt: 'p', n: i },
    };
  }
}

/** An application that takes webhooks; it is gone (410) until `isThere`. */
export async function startApplication() {
  const application = { isThere: false, bodies: [] };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      if (application.isThere) application.bodies.push(body);
      response.writeHead(application.isThere ? 204 : 410).end();
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  application.url = `http://127.0.0.1:${server.address().port}/hook`;
  application.stop = () => server.close();
  return application;
}

export async function startService() {
  const folder = mkdtempSync(join(tmpdir(), 'jobqueue-web-'));
  const environment = {
    ...process.env,
    JOBQUEUE_DB: `sqlite:${join(folder, 'jobs.db')}`,
    JOBQUEUE_TOKEN: token,
  };
  const run = (...words) =>
    execFileSync(program, words, {
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const lines = [...records()].map(json).join('\n');
  execFileSync(program, ['import', '-'], {
    env: environment,
    input: lines,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  run('evaluate', '--once');
  const process_ = spawn(
    program,
    ['serve', '--listen', '127.0.0.1:0', '--every', '1h', '--allow', '127.0.0.1'],
    {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise((done) => process_.once('exit', done));
  const url = await new Promise((ready, fail) => {
    let text = '';
    process_.stdout.on('data', (piece) => {
      text += piece;
      const found = /listening on (\S+)\n/.exec(text);
      if (found) ready(found[1]);
    });
    process_.once('exit', (code) => fail(new Error(`jobqueue serve ended with ${code}`)));
  });
  const ask = async (path, method = 'GET') => {
    const answer = await fetch(url + path, {
      method,
      headers: { Authorization: `Bearer ${token}` },
    });
    return { status: answer.status, body: await answer.json() };
  };
  // The first evaluation takes the first sample.
  for (
    let tries = 0;
    (await ask('/api/series?points=1')).body.series.complete === undefined;
    ++tries
  ) {
    if (tries === 100) throw new Error('nothing was sampled');
    await new Promise((later) => setTimeout(later, 100));
  }
  return {
    url,
    run,
    ask,
    async stop() {
      process_.kill('SIGTERM');
      const code = await ended;
      rmSync(folder, { recursive: true });
      return code;
    },
  };
}
