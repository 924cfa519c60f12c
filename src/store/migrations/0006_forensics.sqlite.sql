-- What failed jobs failed of, so that like ones are found.

CREATE TABLE IF NOT EXISTS job_failure (
  job_id text NOT NULL,
  attempt integer NOT NULL,
  fingerprint text NOT NULL,
  failure_type text NOT NULL,
  failure_reason text NOT NULL,
  failed_at timestamp text,
  PRIMARY KEY (job_id, attempt)
);

CREATE INDEX IF NOT EXISTS job_failure_fingerprint_idx ON job_failure (fingerprint, failed_at);
