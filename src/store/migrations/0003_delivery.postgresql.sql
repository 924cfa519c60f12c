-- What is to be sent: retries and webhooks. Stored before it is sent.

CREATE TABLE IF NOT EXISTS outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  job_id text NOT NULL,
  attempt bigint NOT NULL,
  payload json,
  created_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  sent_at timestamptz,
  last_error text,
  tries integer NOT NULL DEFAULT 0,
  UNIQUE (kind, job_id, attempt)
);

CREATE INDEX IF NOT EXISTS outbox_unsent_idx ON outbox (kind, id) WHERE sent_at IS NULL;

CREATE TABLE IF NOT EXISTS webhook_endpoint (
  id text PRIMARY KEY,
  url text NOT NULL,
  description text,
  event_types json,
  filters json,
  headers json,
  secret text,
  is_active boolean NOT NULL DEFAULT true,
  consecutive_failures integer NOT NULL DEFAULT 0,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  disabled_until timestamptz,
  disabled_reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz
);

CREATE TABLE IF NOT EXISTS webhook_delivery (
  id text PRIMARY KEY,
  endpoint_id text NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
  event_id text NOT NULL,
  event_type text NOT NULL,
  body text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  claimed_at timestamptz,
  last_attempt_at timestamptz,
  response_status integer,
  response_body text,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  UNIQUE (endpoint_id, event_id)
);

CREATE INDEX IF NOT EXISTS webhook_delivery_due_idx ON webhook_delivery (next_attempt_at, id)
  WHERE state = 'pending';
