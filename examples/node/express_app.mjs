// An Express service that keeps the results of jobs in Redis, and keeps them lean.
//
//   REDIS_URL=redis://127.0.0.1:6379 PORT=3000 node express_app.mjs
//
//   PUT /jobs/:job/result              keeps the body, a JSON document
//   GET /jobs/:job/result              gives it as it was kept
//   GET /jobs/:job/result?full=true    gives it byte for byte as it came
import express from 'express';
import { Redis } from 'ioredis';
import { JobqueueError, Vault, restoreBase64Async, sanitizeBase64Async } from '@jobqueue/jobqueue';

const vault = new Vault(process.env.JOBQUEUE_VAULT ?? 'vault');
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
const app = express();

// The raw bytes, not a parsed body: what is not a blob is kept to the last digit.
const rawBody = express.raw({ type: () => true, limit: '64mb' });

app.put('/jobs/:job/result', rawBody, async (request, response) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const lean = await sanitizeBase64Async(body, { vault, format: 'json' });
  await redis.hset(`job:${request.params.job}`, 'result', lean);
  response.json({ received: body.length, kept: lean.length });
});

app.get('/jobs/:job/result', async (request, response) => {
  const lean = await redis.hgetBuffer(`job:${request.params.job}`, 'result');
  if (lean === null) return response.status(404).json({ error: 'there is no result of this job' });
  const full = request.query.full === 'true';
  const body = full ? await restoreBase64Async(lean, { vault }) : lean;
  return response.type('application/json').send(body);
});

app.use((problem, request, response, next) => {
  if (!(problem instanceof JobqueueError)) return next(problem);
  // Below 80 the input is at fault.
  const { code, offset, message, status } = problem;
  return response.status(status < 80 ? 422 : 500).json({ code, offset, message });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`);
});
process.once('SIGTERM', () => {
  server.close(() => redis.quit());
});
