// A BullMQ queue of production, before and after it is cleaned: `fill` or `drain`, with the image
// on standard input. Its producers know nothing of a vault; the worker that drains it does.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import { Vault, restoreBase64, sanitizeBase64 } from '@jobqueue/jobqueue';

const { REDIS_URL, JOBQUEUE_VAULT, QUEUE_PREFIX: prefix = 'bull' } = process.env;
const address = new URL(REDIS_URL);
const options = { connection: { host: address.hostname, port: Number(address.port) }, prefix };
const name = 'images';
const queue = new Queue(name, options);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const say = (words) => console.log(JSON.stringify(words));
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const told = async () => (await lines.next()).value;

async function fill() {
  const image = `data:image/png;base64,${await told()}`;
  const data = (user) => ({ user, image, url: 'https://example.com/a?b=c', ratio: 1.5 });
  const events = new QueueEvents(name, options);
  await events.waitUntilReady();
  let isBusy = () => {};
  const busy = new Promise((resolve) => (isBusy = resolve));
  // Finishes one, fails one, finishes a child, and holds one until it is told to go on.
  const worker = new Worker(
    name,
    async (job) => {
      if (job.name === 'fails') throw new Error(`cannot draw ${job.data.image}`);
      await job.log(`drew ${job.data.image}`);
      if (job.name === 'held') {
        isBusy();
        await told();
      }
      return { drawn: job.data.image, sha256: sha256(job.data.image) };
    },
    options,
  );
  const done = await queue.add('done', data(1));
  await done.waitUntilFinished(events);
  const failed = await queue.add('fails', data(2));
  await failed.waitUntilFinished(events).catch(() => {});
  const held = await queue.add('held', data(3));
  await busy;
  await worker.pause(true); // it takes no other
  await queue.add('waits', data(4));
  await queue.add('matters', data(5), { priority: 2 });
  await queue.add('later', data(6), { delay: 500 });
  const flow = new FlowProducer(options);
  await flow.add({
    name: 'parent', queueName: name, data: data(7),
    children: [{ name: 'child', queueName: name, data: data(8) }],
  });
  say({ done: done.id, failed: failed.id, held: held.id, sha256: sha256(image) });
  await held.waitUntilFinished(events);
  say({ held: sha256((await queue.getJob(held.id)).data.image) });
  await worker.close();
  await flow.close();
  await events.close();
}

async function drain() {
  const vault = new Vault(JOBQUEUE_VAULT);
  const { failed, done } = JSON.parse(await told());
  const seen = {};
  const worker = new Worker(
    name,
    async (job) => {
      const whole = restoreBase64(job.data, { vault });
      const children = Object.values(await job.getChildrenValues());
      if (job.name === 'parent') seen.children = children.length;
      seen[job.name] = { user: whole.user, ratio: whole.ratio, url: whole.url,
                         sha256: sha256(whole.image),
                         was_lean: sanitizeBase64(job.data) === job.data };
      return { ok: true };
    },
    { ...options, concurrency: 1 },
  );
  const retried = await queue.getJob(failed);
  await retried.retry('failed');
  const deadline = Date.now() + 30_000;
  const unfinished = ['waiting', 'active', 'delayed', 'prioritized', 'waiting-children'];
  while (Date.now() < deadline) {
    const counts = await queue.getJobCounts(...unfinished);
    if (Object.values(counts).every((count) => count === 0)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const finished = await queue.getJob(done);
  const { logs } = await queue.getJobLogs(done);
  say({ seen, counts: await queue.getJobCounts(), returnvalue: finished.returnvalue, logs });
  await worker.close();
}

await { fill, drain }[process.argv[1]]();
await queue.close();
lines.return?.();
process.exit(0);
