-- How much of what there was, over time.

-- Seconds since 1970, so that times are grouped without functions of the database.
CREATE TABLE IF NOT EXISTS metric_sample (
  name text NOT NULL,
  at integer NOT NULL,
  value integer NOT NULL,
  PRIMARY KEY (name, at)
);

CREATE TABLE IF NOT EXISTS metric_total (
  name text PRIMARY KEY,
  value integer NOT NULL
);

-- The newest failures, for what is most common among them.
CREATE INDEX IF NOT EXISTS job_failure_failed_at_idx ON job_failure (failed_at);
