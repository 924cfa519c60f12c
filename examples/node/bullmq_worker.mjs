// A BullMQ queue and worker whose jobs stay lean in Redis.
//
//   REDIS_URL=redis://127.0.0.1:6379 node bullmq_worker.mjs
//
// BullMQ keeps the data and the return value of a job in the hash bull:<queue>:<id>. Here the blobs
// in them go into a vault, which producers and workers must share; the processor sees them whole.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Queue, Worker } from 'bullmq';
import { Vault, restoreBase64Async, sanitizeBase64Async } from '@jobqueue/jobqueue';

const vault = new Vault(process.env.JOBQUEUE_VAULT ?? 'vault');
const address = new URL(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
const connection = { host: address.hostname, port: Number(address.port || 6379) };

/** A queue that stores references in place of blobs. */
export class LeanQueue extends Queue {
  async add(name, data, options) {
    // The blobs are in the vault before the job that refers to them is stored.
    return super.add(name, await sanitizeBase64Async(data, { vault }), options);
  }
}

/** A worker whose processor gets `job.data` whole, and whose return value is stored lean. */
export function leanWorker(name, processor, options) {
  return new Worker(
    name,
    async (job) => {
      const data = await restoreBase64Async(job.data, { vault });
      const result = await processor(data, job);
      return typeof result === 'object' && result !== null
        ? sanitizeBase64Async(result, { vault })
        : result;
    },
    options,
  );
}

// Looks at the image of a job, and gives it back with what it saw.
async function inspect({ image_base64: image }) {
  const bytes = Buffer.from(image, 'base64');
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { bytes: bytes.length, sha256: digest, image_base64: image };
}

export const openQueue = () => new LeanQueue('images', { connection });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const worker = leanWorker('images', inspect, { connection });
  worker.on('failed', (job, problem) => console.error(`job ${job?.id}: ${problem.message}`));
  worker.on('ready', () => console.log('ready'));
  process.once('SIGTERM', () => worker.close());
}
