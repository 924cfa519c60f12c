-- What was attested and notified, and that each of it reopens the verdict of its job.

CREATE TABLE IF NOT EXISTS attestation (
  key text PRIMARY KEY NOT NULL,
  workflow_id text,
  step_id text,
  kind text,
  attempt integer,
  record json text NOT NULL,
  recorded_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE INDEX IF NOT EXISTS attestation_workflow_idx ON attestation (workflow_id, recorded_at, key);

CREATE TABLE IF NOT EXISTS notification (
  id text NOT NULL,
  workflow_id text NOT NULL,
  job_id text,
  miniapp_user_id text,
  notification_type text,
  notification_method text,
  success boolean,
  error_message text,
  attested_by text,
  attested_at timestamp text,
  record json text,
  recorded_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  PRIMARY KEY (workflow_id, id)
);

CREATE INDEX IF NOT EXISTS notification_workflow_idx
  ON notification (workflow_id, coalesce(attested_at, recorded_at), id);

-- Due at once, whatever clock the evaluator goes by.
CREATE TRIGGER IF NOT EXISTS jobqueue_notification_reopens_job AFTER INSERT ON notification BEGIN
  UPDATE job SET next_evaluation_at = '1970-01-01T00:00:00.000000Z'
    WHERE id = NEW.workflow_id;
END;

CREATE TRIGGER IF NOT EXISTS jobqueue_changed_notification_reopens_job
  AFTER UPDATE ON notification BEGIN
  UPDATE job SET next_evaluation_at = '1970-01-01T00:00:00.000000Z'
    WHERE id = NEW.workflow_id;
END;

CREATE TRIGGER IF NOT EXISTS jobqueue_attestation_reopens_job AFTER INSERT ON attestation BEGIN
  UPDATE job SET next_evaluation_at = '1970-01-01T00:00:00.000000Z'
    WHERE id = NEW.workflow_id;
END;

CREATE TRIGGER IF NOT EXISTS jobqueue_changed_attestation_reopens_job
  AFTER UPDATE ON attestation BEGIN
  UPDATE job SET next_evaluation_at = '1970-01-01T00:00:00.000000Z'
    WHERE id = NEW.workflow_id;
END;
