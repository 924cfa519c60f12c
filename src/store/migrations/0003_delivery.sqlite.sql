-- What is to be sent: retries and webhooks. Stored before it is sent.

CREATE TABLE IF NOT EXISTS outbox (
  id integer PRIMARY KEY,
  kind text NOT NULL,
  job_id text NOT NULL,
  attempt integer NOT NULL,
  payload json text,
  created_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  claimed_at timestamp text,
  sent_at timestamp text,
  last_error text,
  tries integer NOT NULL DEFAULT 0,
  UNIQUE (kind, job_id, attempt)
);

CREATE INDEX IF NOT EXISTS outbox_unsent_idx ON outbox (kind, id) WHERE sent_at IS NULL;

CREATE TABLE IF NOT EXISTS webhook_endpoint (
  id text PRIMARY KEY NOT NULL,
  url text NOT NULL,
  description text,
  event_types json text,
  filters json text,
  headers json text,
  secret text,
  is_active boolean NOT NULL DEFAULT 1,
  consecutive_failures integer NOT NULL DEFAULT 0,
  last_success_at timestamp text,
  last_failure_at timestamp text,
  disabled_until timestamp text,
  disabled_reason text,
  created_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  updated_at timestamp text
);

CREATE TABLE IF NOT EXISTS webhook_delivery (
  id text PRIMARY KEY NOT NULL,
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
  event_id text NOT NULL,
  event_type text NOT NULL,
  body text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp text,
  claimed_at timestamp text,
  last_attempt_at timestamp text,
  response_status integer,
  response_body text,
  last_error text,
  created_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  delivered_at timestamp text,
  UNIQUE (endpoint_id, event_id)
);

CREATE INDEX IF NOT EXISTS webhook_delivery_due_idx ON webhook_delivery (next_attempt_at, id)
  WHERE state = 'pending';
