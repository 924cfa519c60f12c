-- How deliveries went, try by try.

ALTER TABLE webhook_endpoint ADD COLUMN IF NOT EXISTS scheme text;

ALTER TABLE webhook_delivery ADD COLUMN IF NOT EXISTS workflow_id text;

-- The tries before it was redriven, which the schedule does not count.
ALTER TABLE webhook_delivery ADD COLUMN IF NOT EXISTS attempts_before integer NOT NULL DEFAULT 0;

CREATE INDEX IF NOT EXISTS webhook_delivery_created_idx ON webhook_delivery (created_at, id);

CREATE INDEX IF NOT EXISTS webhook_delivery_state_idx ON webhook_delivery (state, created_at, id);

CREATE INDEX IF NOT EXISTS webhook_delivery_workflow_idx
  ON webhook_delivery (workflow_id, created_at);

CREATE TABLE IF NOT EXISTS webhook_attempt (
  delivery_id text NOT NULL REFERENCES webhook_delivery (id) ON DELETE CASCADE,
  attempt integer NOT NULL,
  attempted_at timestamptz NOT NULL,
  duration_ms integer,
  response_status integer,
  response_body text,
  error text,
  PRIMARY KEY (delivery_id, attempt)
);
