-- Jobs, what is known of their attempts, and the verdicts about them. For PostgreSQL.
-- An empty line ends a statement. What is there already is left as it is, whatever it looks like.
-- {job_id_type} is the type of job.id: that of the table where it exists, else text.

-- For comparing columns of either type; a timestamp without zone is UTC.
CREATE OR REPLACE FUNCTION jobqueue_utc(timestamp) RETURNS timestamp
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1';

CREATE OR REPLACE FUNCTION jobqueue_utc(timestamptz) RETURNS timestamp
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT $1 AT TIME ZONE ''UTC''';

CREATE TABLE IF NOT EXISTS job (
  id {job_id_type} PRIMARY KEY,
  name text,
  description text,
  status text NOT NULL DEFAULT 'pending',
  data json,
  progress integer,
  error_message text,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  user_id text,
  job_type text,
  priority integer DEFAULT 1,
  retry_count integer DEFAULT 0,
  max_retries integer DEFAULT 3,
  workflow_output text,
  is_cleanup_evaluated boolean DEFAULT false,
  status_category text,
  problem_type text,
  problem_details json,
  evaluated_at timestamptz,
  resolution_needed text,
  next_evaluation_at timestamptz,
  ruleset_digest text,
  evaluated_updated_at timestamptz,
  extra json
);

ALTER TABLE job ADD COLUMN IF NOT EXISTS name text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS data json;

ALTER TABLE job ADD COLUMN IF NOT EXISTS progress integer;

ALTER TABLE job ADD COLUMN IF NOT EXISTS error_message text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS created_at timestamptz;

ALTER TABLE job ADD COLUMN IF NOT EXISTS updated_at timestamptz;

ALTER TABLE job ADD COLUMN IF NOT EXISTS started_at timestamptz;

ALTER TABLE job ADD COLUMN IF NOT EXISTS completed_at timestamptz;

ALTER TABLE job ADD COLUMN IF NOT EXISTS job_type text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS retry_count integer DEFAULT 0;

ALTER TABLE job ADD COLUMN IF NOT EXISTS max_retries integer DEFAULT 3;

ALTER TABLE job ADD COLUMN IF NOT EXISTS workflow_output text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS is_cleanup_evaluated boolean DEFAULT false;

ALTER TABLE job ADD COLUMN IF NOT EXISTS status_category text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS problem_type text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS problem_details json;

ALTER TABLE job ADD COLUMN IF NOT EXISTS evaluated_at timestamptz;

ALTER TABLE job ADD COLUMN IF NOT EXISTS resolution_needed text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS next_evaluation_at timestamptz;

ALTER TABLE job ADD COLUMN IF NOT EXISTS ruleset_digest text;

-- The updated_at that the verdict was made from; 1970 where there was none.
ALTER TABLE job ADD COLUMN IF NOT EXISTS evaluated_updated_at timestamptz;

-- What an imported record had besides columns.
ALTER TABLE job ADD COLUMN IF NOT EXISTS extra json;

-- A verdict is no progress of the job: what an owner's trigger made of updated_at is undone.
-- Triggers fire in the order of their names.
CREATE OR REPLACE FUNCTION jobqueue_keep_updated_at() RETURNS trigger
  LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := OLD.updated_at; RETURN NEW; END $$;

CREATE TRIGGER zzzz_jobqueue_keeps_updated_at BEFORE UPDATE ON job FOR EACH ROW
  WHEN (NEW.evaluated_at IS DISTINCT FROM OLD.evaluated_at
    OR NEW.next_evaluation_at IS DISTINCT FROM OLD.next_evaluation_at)
  EXECUTE FUNCTION jobqueue_keep_updated_at();

CREATE INDEX IF NOT EXISTS job_fresh_idx ON job (id)
  WHERE is_cleanup_evaluated IS NOT TRUE AND next_evaluation_at IS NULL;

CREATE INDEX IF NOT EXISTS job_scheduled_idx ON job (next_evaluation_at, id)
  WHERE next_evaluation_at IS NOT NULL;

-- A verdict of another program has no evaluated_updated_at; then the times decide.
CREATE INDEX IF NOT EXISTS job_changed_idx ON job (id)
  WHERE coalesce(jobqueue_utc(updated_at) <> jobqueue_utc(evaluated_updated_at),
                 jobqueue_utc(updated_at) > jobqueue_utc(evaluated_at));

CREATE INDEX IF NOT EXISTS job_resolution_idx ON job (resolution_needed, id)
  WHERE resolution_needed IS NOT NULL;

CREATE INDEX IF NOT EXISTS job_problem_idx ON job (evaluated_at, id)
  WHERE problem_type IS NOT NULL;

CREATE INDEX IF NOT EXISTS job_created_idx ON job ((coalesce(created_at, '1970-01-01')), id);

CREATE TABLE IF NOT EXISTS job_history (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  job_id {job_id_type} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  status text NOT NULL,
  data json,
  created_at timestamptz NOT NULL DEFAULT now(),
  message text,
  retry_attempt integer DEFAULT 0
);

CREATE TABLE IF NOT EXISTS job_retry_backup (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  original_job_id {job_id_type} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  retry_attempt integer NOT NULL,
  original_data json,
  original_status text NOT NULL,
  original_workflow_output text,
  original_started_at timestamptz,
  original_completed_at timestamptz,
  backed_up_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS step (
  id text PRIMARY KEY,
  job_id {job_id_type} NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  step_name text NOT NULL,
  step_type text NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  started_at timestamptz DEFAULT now(),
  completed_at timestamptz,
  input_data json,
  output_data json,
  error_message text,
  step_order integer,
  retry_attempt integer
);

CREATE INDEX IF NOT EXISTS job_history_job_id_idx ON job_history (job_id);

CREATE INDEX IF NOT EXISTS job_retry_backup_job_idx ON job_retry_backup (original_job_id);

CREATE INDEX IF NOT EXISTS step_job_id_idx ON step (job_id);

CREATE INDEX IF NOT EXISTS step_status_idx ON step (status);
