// What a service in Express does with a signed webhook: read it, compute the HMAC, answer. Nothing
// is kept. Usage: server_express.mjs PORT SECRET
import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';

const [port, secret] = process.argv.slice(2);
const app = express();
app.disable('x-powered-by');
app.post('/', express.raw({ type: '*/*', limit: '1mb' }), (request, response) => {
  const given = Buffer.from(
    String(request.headers['x-webhook-signature'] ?? '').replace(/^sha256=/, ''),
    'hex',
  );
  const wanted = createHmac('sha256', secret).update(request.body).digest();
  const isGood = given.length === wanted.length && timingSafeEqual(given, wanted);
  response.status(isGood ? 204 : 401).end();
});
app.listen(Number(port), '127.0.0.1');
