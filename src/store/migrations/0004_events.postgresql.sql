-- What webhooks have told. An id is an event, whoever sends it again.

CREATE TABLE IF NOT EXISTS webhook_event (
  id text PRIMARY KEY,
  digest text NOT NULL,
  event_type text NOT NULL,
  workflow_id text,
  job_id text,
  scheme text,
  secret_index integer,
  body text NOT NULL,
  body_encoding text,
  received_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS webhook_event_workflow_idx ON webhook_event (workflow_id, received_at);

-- The job that an id means; NULL if no id of the table can look like that.
CREATE OR REPLACE FUNCTION jobqueue_job_id(text) RETURNS {job_id_type}
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN $1;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;
