-- How much of what there was, over time; and a search for the beginning of an id.

-- Seconds since 1970, so that times are grouped without functions of the database.
CREATE TABLE IF NOT EXISTS metric_sample (
  name text NOT NULL,
  at bigint NOT NULL,
  value bigint NOT NULL,
  PRIMARY KEY (name, at)
);

CREATE TABLE IF NOT EXISTS metric_total (
  name text PRIMARY KEY,
  value bigint NOT NULL
);

CREATE INDEX IF NOT EXISTS job_id_prefix_idx ON job ((CAST(id AS text)) text_pattern_ops);

-- The newest failures, for what is most common among them.
CREATE INDEX IF NOT EXISTS job_failure_failed_at_idx ON job_failure (failed_at);
