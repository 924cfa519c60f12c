-- Jobs, what is known of their attempts, and the verdicts about them. For SQLite.
-- An empty line ends a statement. What is there already is left as it is, whatever it looks like.
-- Times are texts like 2025-10-03T09:15:27.412000Z, whose order is that of time.

CREATE TABLE IF NOT EXISTS job (
  id text PRIMARY KEY NOT NULL,
  name text,
  description text,
  status text NOT NULL DEFAULT 'pending',
  data json text,
  progress integer,
  error_message text,
  created_at timestamp text DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  updated_at timestamp text,
  started_at timestamp text,
  completed_at timestamp text,
  user_id text,
  job_type text,
  priority integer DEFAULT 1,
  retry_count integer DEFAULT 0,
  max_retries integer DEFAULT 3,
  workflow_output text,
  is_cleanup_evaluated boolean DEFAULT 0,
  status_category text,
  problem_type text,
  problem_details json text,
  evaluated_at timestamp text,
  resolution_needed text,
  next_evaluation_at timestamp text,
  ruleset_digest text,
  evaluated_updated_at timestamp text,
  extra json text
);

ALTER TABLE job ADD COLUMN IF NOT EXISTS name text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS data json text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS progress integer;

ALTER TABLE job ADD COLUMN IF NOT EXISTS error_message text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS created_at timestamp text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS updated_at timestamp text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS started_at timestamp text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS completed_at timestamp text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS job_type text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS retry_count integer DEFAULT 0;

ALTER TABLE job ADD COLUMN IF NOT EXISTS max_retries integer DEFAULT 3;

ALTER TABLE job ADD COLUMN IF NOT EXISTS workflow_output text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS is_cleanup_evaluated boolean DEFAULT 0;

ALTER TABLE job ADD COLUMN IF NOT EXISTS status_category text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS problem_type text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS problem_details json text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS evaluated_at timestamp text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS resolution_needed text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS next_evaluation_at timestamp text;

ALTER TABLE job ADD COLUMN IF NOT EXISTS ruleset_digest text;

-- The updated_at that the verdict was made from; 1970 where there was none.
ALTER TABLE job ADD COLUMN IF NOT EXISTS evaluated_updated_at timestamp text;

-- What an imported record had besides columns.
ALTER TABLE job ADD COLUMN IF NOT EXISTS extra json text;

CREATE INDEX IF NOT EXISTS job_fresh_idx ON job (id)
  WHERE is_cleanup_evaluated IS NOT TRUE AND next_evaluation_at IS NULL;

CREATE INDEX IF NOT EXISTS job_scheduled_idx ON job (next_evaluation_at, id)
  WHERE next_evaluation_at IS NOT NULL;

-- A verdict of another program has no evaluated_updated_at; then the times decide.
CREATE INDEX IF NOT EXISTS job_changed_idx ON job (id)
  WHERE coalesce(updated_at <> evaluated_updated_at, updated_at > evaluated_at);

CREATE INDEX IF NOT EXISTS job_resolution_idx ON job (resolution_needed, id)
  WHERE resolution_needed IS NOT NULL;

CREATE INDEX IF NOT EXISTS job_problem_idx ON job (evaluated_at, id)
  WHERE problem_type IS NOT NULL;

CREATE INDEX IF NOT EXISTS job_created_idx
  ON job (coalesce(created_at, '1970-01-01T00:00:00.000000Z'), id);

CREATE TABLE IF NOT EXISTS job_history (
  id text PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(16)))),
  job_id text NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  status text NOT NULL,
  data json text,
  created_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  message text,
  retry_attempt integer DEFAULT 0
);

CREATE TABLE IF NOT EXISTS job_retry_backup (
  id text PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(16)))),
  original_job_id text NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  retry_attempt integer NOT NULL,
  original_data json text,
  original_status text NOT NULL,
  original_workflow_output text,
  original_started_at timestamp text,
  original_completed_at timestamp text,
  backed_up_at timestamp text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE TABLE IF NOT EXISTS step (
  id text PRIMARY KEY NOT NULL,
  job_id text NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  step_name text NOT NULL,
  step_type text NOT NULL,
  status text NOT NULL DEFAULT 'pending',
  started_at timestamp text DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  completed_at timestamp text,
  input_data json text,
  output_data json text,
  error_message text,
  step_order integer,
  retry_attempt integer
);

CREATE INDEX IF NOT EXISTS job_history_job_id_idx ON job_history (job_id);

CREATE INDEX IF NOT EXISTS job_retry_backup_job_idx ON job_retry_backup (original_job_id);

CREATE INDEX IF NOT EXISTS step_job_id_idx ON step (job_id);

CREATE INDEX IF NOT EXISTS step_status_idx ON step (status);
