-- What was attested and notified, and that each of it reopens the verdict of its job.

CREATE TABLE IF NOT EXISTS attestation (
  key text PRIMARY KEY,
  workflow_id text,
  step_id text,
  kind text,
  attempt bigint,
  record json NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
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
  attested_at timestamptz,
  record json,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workflow_id, id)
);

CREATE INDEX IF NOT EXISTS notification_workflow_idx
  ON notification (workflow_id, (coalesce(attested_at, recorded_at)), id);

-- Evidence of jobs that are not there yet. One may be inserted at this moment, and be evaluated
-- before this evidence is visible: whoever evaluates looks here, and forgets what is a day old.
CREATE TABLE IF NOT EXISTS evidence_without_job (
  workflow_id text PRIMARY KEY,
  recorded_at timestamptz NOT NULL DEFAULT now()
);

-- An id as job.id::text would have it, so that capitals of a uuid do not matter.
CREATE OR REPLACE FUNCTION jobqueue_name_job() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  workflow job.id%TYPE;
BEGIN
  BEGIN
    workflow := NEW.workflow_id;
    NEW.workflow_id := workflow::text;
  EXCEPTION WHEN data_exception THEN
    NULL;  -- no id of this table can look like that
  END;
  RETURN NEW;
END $$;

-- Due at once, whatever clock the evaluator goes by. Without a condition: also a job that has no
-- verdict yet must be locked, because an evaluator may be making one from before this row. The lock
-- is held until this row is visible.
CREATE OR REPLACE FUNCTION jobqueue_reopen_job() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  workflow job.id%TYPE;
BEGIN
  BEGIN
    workflow := NEW.workflow_id;
  EXCEPTION WHEN data_exception THEN
    RETURN NULL;
  END;
  UPDATE job SET next_evaluation_at = '1970-01-01 00:00:00+00' WHERE id = workflow;
  IF NOT FOUND AND NEW.workflow_id IS NOT NULL THEN
    INSERT INTO evidence_without_job (workflow_id) VALUES (NEW.workflow_id)
      ON CONFLICT (workflow_id) DO UPDATE SET recorded_at = now();
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER jobqueue_notification_names_job
  BEFORE INSERT OR UPDATE ON notification FOR EACH ROW EXECUTE FUNCTION jobqueue_name_job();

CREATE TRIGGER jobqueue_attestation_names_job
  BEFORE INSERT OR UPDATE ON attestation FOR EACH ROW EXECUTE FUNCTION jobqueue_name_job();

CREATE TRIGGER jobqueue_notification_reopens_job
  AFTER INSERT OR UPDATE ON notification FOR EACH ROW EXECUTE FUNCTION jobqueue_reopen_job();

CREATE TRIGGER jobqueue_attestation_reopens_job
  AFTER INSERT OR UPDATE ON attestation FOR EACH ROW EXECUTE FUNCTION jobqueue_reopen_job();
