// An application that is told by webhook when a workflow is done, and tells that its user knows.
//
//   HOOK_SECRET=whsec_... SERVICE_URL=http://127.0.0.1:8080 JOBQUEUE_TOKEN=... PORT=3000 \
//       node express_webhook.mjs
//
//   POST /hook    a webhook of `jobqueue serve`, scheme standard
import express from 'express';
import { SignatureVerificationError, SignatureVerifier } from '@jobqueue/jobqueue';

const verifier = new SignatureVerifier('standard', process.env.HOOK_SECRET);
const { SERVICE_URL: serviceUrl, JOBQUEUE_TOKEN: token } = process.env;
const app = express();

/** Here the user would get a message; then the service is told, under the id of the event. */
async function notifyUser(workflow, event) {
  const answer = await fetch(`${serviceUrl}/api/user_notified`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ workflow_id: workflow, miniapp_user_id: 'express', event_id: event }),
  });
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
}

// No parser before it: the verifier reads the bytes as they came.
app.post('/hook', async (request, response) => {
  const { body } = await verifier.verifyIncoming(request);
  const event = JSON.parse(body.toString());
  if (event.event_type === 'workflow_completed') {
    await notifyUser(event.data.workflow_id, event.event_id);
  }
  response.json({ taken: event.event_id });
});

app.use((problem, request, response, next) => {
  if (!(problem instanceof SignatureVerificationError)) return next(problem);
  return response.status(401).json({ reason: problem.reason, hint: problem.hint });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`);
});
process.once('SIGTERM', () => server.close());
