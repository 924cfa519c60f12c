-- What webhooks have told. An id is an event, whoever sends it again.

CREATE TABLE IF NOT EXISTS webhook_event (
  id text PRIMARY KEY NOT NULL,
  digest text NOT NULL,
  event_type text NOT NULL,
  workflow_id text,
  job_id text,
  scheme text,
  secret_index integer,
  body text NOT NULL,
  body_encoding text,
  received_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE INDEX IF NOT EXISTS webhook_event_workflow_idx ON webhook_event (workflow_id, received_at);
